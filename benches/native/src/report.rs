//! The table for people, and the same for programs.

use crate::measure::{Cell, LongLine, Measured};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What a terminal shows.
pub(crate) fn table(cells: &[Cell], long_line: &LongLine) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{:<9} {:>9} {:>8}  {:<12}{:>6}  {:>12}  the others, wrong ones marked !",
        "workload", "chunk", "MB/s", "best peer", "ratio", "middle half"
    );
    for cell in cells {
        let best = cell.best_peer();
        let _ = write!(
            text,
            "{:<9} {:>9} {:>8.0}  ",
            cell.workload,
            cell.cut,
            cell.results[0].megabytes_per_second(cell.bytes)
        );
        match best {
            Some(Measured { name, ratio, .. }) => {
                let half = format!("{:.2} to {:.2}", ratio.low, ratio.high);
                let _ = write!(text, "{name:<12}{:>6.2}  {half:>12} ", ratio.median);
            }
            None => text.push_str("none is right"),
        }
        for peer in &cell.results[1..] {
            if best.is_none_or(|best| best.name != peer.name) {
                let mark = if peer.right { "" } else { "!" };
                let _ = write!(text, " {}{mark} {:.2}", peer.name, peer.ratio.median);
            }
        }
        text.push('\n');
    }
    if let Some((mean, least)) = summary(cells) {
        let _ = writeln!(
            text,
            "\nagainst the best peer of each cell: geometric mean {mean:.2}, least {least:.2}"
        );
    }
    text.push_str("a line of 8 MiB, time in chunks of 1,460 B by time in chunks of 64 KiB:");
    for (name, ratio) in &long_line.results {
        let _ = write!(text, " {name} {:.2}", ratio.median);
    }
    text.push('\n');
    text
}

/// The same as data.
pub(crate) fn json(cells: &[Cell], long_line: &LongLine) -> Value {
    let rows: Vec<Value> = (cells.iter())
        .map(|cell| {
            let candidates: Vec<Value> = (cell.results.iter())
                .map(|result| {
                    json!({
                        "name": result.name,
                        "right": result.right,
                        "megabytes_per_second": result.megabytes_per_second(cell.bytes),
                        "ratio": result.ratio.median,
                        "ratio_low": result.ratio.low,
                        "ratio_high": result.ratio.high,
                    })
                })
                .collect();
            json!({
                "workload": cell.workload,
                "chunk": cell.cut,
                "bytes": cell.bytes,
                "events": cell.events,
                "best_peer": cell.best_peer().map(|peer| peer.name),
                "ratio": cell.best_peer().map(|peer| peer.ratio.median),
                "candidates": candidates,
            })
        })
        .collect();
    let long_line: Vec<Value> = (long_line.results.iter())
        .map(|(name, ratio)| json!({ "name": name, "ratio": ratio.median }))
        .collect();
    let summary = summary(cells);
    json!({
        "cells": rows,
        "geometric_mean": summary.map(|(mean, _)| mean),
        "least": summary.map(|(_, least)| least),
        "long_line_packets_by_chunks": long_line,
    })
}

/// The geometric mean of the cells' ratios against the best peer, and the least of them.
fn summary(cells: &[Cell]) -> Option<(f64, f64)> {
    let ratios: Vec<f64> = (cells.iter())
        .filter_map(|cell| Some(cell.best_peer()?.ratio.median))
        .collect();
    let least = ratios.iter().copied().min_by(f64::total_cmp)?;
    let logarithms: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
    Some(((logarithms / ratios.len() as f64).exp(), least))
}
