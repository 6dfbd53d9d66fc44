//! An answer as an analyst would give it, when no script was left.

use std::time::Duration;

use serde_json::{Value, json};

use crate::config::{StockConfig, StockVocabulary};
use crate::systems::Answer;

/// How many characters of the question the answer repeats.
const QUOTED_CHARACTERS: usize = 60;

/// The whole answer to `question`, in its language.
pub(super) fn answer(question: &str, config: &StockConfig) -> Answer {
    let report = Report::about(question);
    let events = match config.vocabulary {
        StockVocabulary::Seed => in_seed_vocabulary(&report),
        StockVocabulary::Rival => in_rival_vocabulary(&report),
    };
    Answer {
        events,
        delay: Duration::from_millis(config.pace_ms),
    }
}

fn in_seed_vocabulary(report: &Report) -> Vec<Value> {
    let status = |status: &str| json!({"type": "status", "status": status});
    let retrieving =
        |steps: Value| json!({"type": "status", "status": "retrieving", "steps": steps});
    let mut events = vec![
        status("analyzing"),
        status("planning"),
        retrieving(json!([
            {"task_id": "t1", "tool": "query_stock_price"},
            {"task_id": "t2", "tool": "search_news"},
        ])),
        // Once for each layer of the plan.
        retrieving(json!([{"task_id": "t3", "tool": "analyze_tech_signal"}])),
        status("synthesizing"),
    ];
    events.extend(
        report
            .pieces()
            .map(|piece| json!({"type": "chunk", "content": piece})),
    );
    events.push(report.result());
    events.push("[DONE]".into());
    events
}

fn in_rival_vocabulary(report: &Report) -> Vec<Value> {
    let status = |status: &str| json!({"type": "status", "status": status});
    let step = |name: &str, state: &str, params: Value| json!({"type": "step", "step_name": name, "status": state, "params": params});
    let mut events = vec![
        status("analyzing"),
        status("retrieving"),
        step("query_stock_price", "running", json!({"days": 30})),
        step("query_stock_price", "completed", json!({"days": 30})),
        step("search_news", "running", json!({"limit": 5})),
        step("search_news", "completed", json!({"limit": 5})),
        status("thinking"),
    ];
    events.extend(
        report
            .pieces()
            .map(|piece| json!({"type": "token", "content": piece})),
    );
    events.push(status("completed"));
    events.push(report.result());
    events.push("[DONE]".into());
    events
}

struct Report {
    text: String,
    disclaimer: &'static str,
    chinese: bool,
}

impl Report {
    fn about(question: &str) -> Self {
        let chinese = question
            .chars()
            .any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character));
        let quoted: String = question.trim().chars().take(QUOTED_CHARACTERS).collect();
        let figures = Figures::of(question);
        let Figures {
            price,
            change,
            volume,
            rsi,
        } = figures;
        let rising = change >= 0.0;
        if chinese {
            let (direction, averages, outlook) = if rising {
                ("上涨", "站上 20 日均线", "短期动能偏强，注意前高附近的压力")
            } else {
                (
                    "下跌",
                    "跌破 20 日均线",
                    "短期偏弱，等待成交量企稳后再作判断",
                )
            };
            let magnitude = change.abs();
            Self {
                text: format!(
                    "关于“{quoted}”：最新收盘价 {price:.2} 元，较前一交易日{direction} \
                     {magnitude:.2}%，成交量 {volume:.1} 万手。\n\n技术面上，股价{averages}，\
                     RSI(14) 为 {rsi:.1}，尚未进入极端区间。近五日新闻以业绩预告和行业政策为主，\
                     情绪中性略偏积极。\n\n综合来看，{outlook}。"
                ),
                disclaimer: "仅供研究参考",
                chinese,
            }
        } else {
            let (direction, averages, outlook) = if rising {
                (
                    "up",
                    "has crossed above its 20-day average",
                    "Momentum is with the buyers; the previous high is the level to watch",
                )
            } else {
                (
                    "down",
                    "has slipped below its 20-day average",
                    "Momentum is weak; wait for volume to settle before reading much into it",
                )
            };
            let magnitude = change.abs();
            Self {
                text: format!(
                    "On “{quoted}”: the last close was {price:.2}, {direction} {magnitude:.2}% on \
                     the day, on a volume of {volume:.1} million shares.\n\nThe price \
                     {averages}, and RSI(14) stands at {rsi:.1}, short of either extreme. The \
                     news of the last five days is mostly earnings guidance and sector policy, \
                     neutral to mildly positive.\n\n{outlook}."
                ),
                disclaimer: "For research only. Not investment advice.",
                chinese,
            }
        }
    }

    /// The text as a model would stream it: a word at a time, or a few
    /// characters where words have no blanks.
    fn pieces(&self) -> impl Iterator<Item = String> {
        let mut pieces: Vec<String> = Vec::new();
        let mut piece = String::new();
        let mut length = 0;
        for character in self.text.chars() {
            piece.push(character);
            length += 1;
            // Three, four, two, three, … so that chunks differ as they do in life.
            let full = if self.chinese {
                length >= 2 + pieces.len() % 3
            } else {
                character == ' '
            };
            if full {
                pieces.push(std::mem::take(&mut piece));
                length = 0;
            }
        }
        if !piece.is_empty() {
            pieces.push(piece);
        }
        pieces.into_iter()
    }

    fn result(&self) -> Value {
        json!({
            "type": "result",
            "content": self.text,
            "sources": ["stock_daily_price", "stock_tech_indicator", "news_search"],
            "disclaimer": self.disclaimer,
        })
    }
}

/// Figures that look like a market's, the same for the same question.
struct Figures {
    price: f64,
    /// Percent.
    change: f64,
    volume: f64,
    rsi: f64,
}

impl Figures {
    fn of(question: &str) -> Self {
        // FNV-1a: a question should not change its price between two runs.
        let seed = question
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        let part = |shift: u32| f64::from((seed >> shift) as u16) / f64::from(u16::MAX);
        Self {
            price: 8.0 + 180.0 * part(0),
            change: 9.0 * part(16) - 4.5,
            volume: 2.0 + 60.0 * part(32),
            rsi: 35.0 + 30.0 * part(48),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(events: &[Value], kind: &str) -> String {
        events
            .iter()
            .filter(|event| event["type"] == kind)
            .filter_map(|event| event["content"].as_str())
            .collect()
    }

    #[test]
    fn the_result_holds_all_chunks_and_mentions_the_question() {
        for question in ["贵州茅台的走势如何？", "How is AAPL doing?", ""] {
            let events = answer(question, &StockConfig::default()).events;
            let streamed = text_of(&events, "chunk");
            assert_eq!(streamed, text_of(&events, "result"));
            assert!(streamed.contains(question));
            assert_eq!(events.last(), Some(&json!("[DONE]")));
            assert!(events.len() > 15, "{question}: {}", events.len());
        }
    }

    #[test]
    fn the_answer_speaks_the_language_of_the_question() {
        let config = StockConfig::default();
        assert!(text_of(&answer("茅台", &config).events, "chunk").contains("收盘价"));
        assert!(text_of(&answer("AAPL", &config).events, "chunk").contains("last close"));
    }

    #[test]
    fn the_rival_vocabulary_has_tokens_and_steps_and_no_chunks() {
        let config = StockConfig {
            vocabulary: StockVocabulary::Rival,
            ..StockConfig::default()
        };
        let events = answer("AAPL", &config).events;
        assert!(events.iter().any(|event| event["type"] == "step"));
        assert_eq!(text_of(&events, "token"), text_of(&events, "result"));
        assert_eq!(text_of(&events, "chunk"), "");
    }

    #[test]
    fn the_same_question_has_the_same_figures() {
        let config = StockConfig::default();
        assert_eq!(answer("AAPL", &config), answer("AAPL", &config));
        assert_ne!(answer("AAPL", &config), answer("MSFT", &config));
    }
}
