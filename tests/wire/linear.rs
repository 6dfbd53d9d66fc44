//! Work grows with the bytes and nothing else. Each test times two ways to bring the same bytes,
//! one of which would be hundreds of times slower if anything were read twice; the bounds are wide
//! enough for a busy machine.

use std::hint::black_box;
use std::time::{Duration, Instant};

use tidewire::wire::Decoder;

/// The best of five, so that another process's turn does not count.
fn time(stream: &[u8], chunk: usize) -> Duration {
    (0..5)
        .map(|_| {
            let mut decoder = Decoder::new();
            let start = Instant::now();
            for mut chunk in stream.chunks(chunk) {
                while let Some(item) = decoder.next(&mut chunk) {
                    let _ = black_box(item);
                }
            }
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

fn assert_within(factor: u32, slow: Duration, fast: Duration) {
    assert!(
        slow <= fast * factor,
        "{slow:?} is more than {factor} times {fast:?}"
    );
}

#[test]
fn a_line_of_eight_mebibytes_costs_about_the_same_in_packets_as_in_large_chunks() {
    let stream = [b"data: ", &vec![b'x'; 8 << 20][..], b"\n\n"].concat();
    // Rescanned at each of 5,700 packets it would be 24 GB against 8 MB.
    assert_within(25, time(&stream, 1460), time(&stream, 64 * 1024));
}

#[test]
fn a_far_cr_does_not_slow_the_lf_lines_before_it() {
    let lines = b"data: x\n".repeat(100_000);
    let with = |end: &[u8]| [&lines[..], end].concat();
    // Looked for anew from each line it would be 40 GB against 800 KB.
    assert_within(
        10,
        time(&with(b"\r\r"), usize::MAX),
        time(&with(b"\n\n"), usize::MAX),
    );
}

#[test]
fn a_far_lf_does_not_slow_the_cr_lines_before_it() {
    let lines = b"data: x\r".repeat(100_000);
    let with = |end: &[u8]| [&lines[..], end].concat();
    assert_within(
        10,
        time(&with(b"\n\n"), usize::MAX),
        time(&with(b"\r\r"), usize::MAX),
    );
}

#[test]
fn an_event_of_many_lines_costs_no_more_than_many_events() {
    let one = b"data: xxxxxxxxx\n".repeat(200_000);
    let many = b"data: xxxxxxxx\n\n".repeat(200_000);
    assert_within(25, time(&one, 1460), time(&many, 1460));
}

#[test]
fn comments_inside_a_large_event_do_not_copy_it_again() {
    let start = [b"data: ", &vec![b'x'; 4 << 20][..], b"\n"].concat();
    let within = [&start[..], &b":\n".repeat(100_000)[..], b"\n"].concat();
    let after = [&start[..], b"\n", &b":\n".repeat(100_000)[..]].concat();
    assert_within(25, time(&within, 64 * 1024), time(&after, 64 * 1024));
}
