//! Work grows with the bytes and nothing else. Each test times two ways to bring much the same
//! bytes, one of which would be far slower if anything were read or copied again; the bounds are
//! wide enough for a busy machine.

use std::hint::black_box;
use std::time::{Duration, Instant};

use tidewire::wire::Decoder;

/// The best of three, so that another process's turn does not count. Gives up beyond the bound.
fn time(stream: &[u8], chunk: usize, bound: Duration) -> Duration {
    let once = || {
        let mut decoder = Decoder::new();
        let start = Instant::now();
        for mut chunk in stream.chunks(chunk) {
            while let Some(item) = decoder.next(&mut chunk) {
                let _ = black_box(item);
            }
            if start.elapsed() > bound {
                break;
            }
        }
        start.elapsed()
    };
    (0..3).map(|_| once()).min().unwrap_or_default()
}

/// Compares streams in chunks of the given sizes.
fn assert_within(factor: u32, slow: (&[u8], usize), fast: (&[u8], usize)) {
    let fast = time(fast.0, fast.1, Duration::MAX);
    let slow = time(slow.0, slow.1, fast * factor);
    assert!(
        slow <= fast * factor,
        "{slow:?} is more than {factor} times {fast:?}"
    );
}

#[test]
fn a_line_of_eight_mebibytes_costs_about_the_same_in_packets_as_in_one_chunk() {
    let stream = [b"data: ", &vec![b'x'; 8 << 20][..], b"\n\n"].concat();
    // Rescanned at each of 5,700 packets it would be 24 GB against 8 MB.
    assert_within(50, (&stream, 1460), (&stream, usize::MAX));
}

#[test]
fn a_far_cr_does_not_slow_the_lf_lines_before_it() {
    // Looked for anew from each line it would be 256 MB, against 6 MB in packets.
    let stream = [&b"data: x\n".repeat(8_000)[..], b"\r\r"].concat();
    assert_within(10, (&stream, usize::MAX), (&stream, 1460));
}

#[test]
fn a_far_lf_does_not_slow_the_cr_lines_before_it() {
    let stream = [&b"data: x\r".repeat(8_000)[..], b"\n\n"].concat();
    assert_within(10, (&stream, usize::MAX), (&stream, 1460));
}

#[test]
fn an_event_of_many_lines_costs_no_more_than_many_events() {
    let one = b"data: xxxxxxxxx\n".repeat(200_000);
    let many = b"data: xxxxxxxx\n\n".repeat(200_000);
    assert_within(25, (&one, 1460), (&many, 1460));
}

#[test]
fn comments_inside_a_large_event_do_not_copy_it_again() {
    let start = [b"data: ", &vec![b'x'; 4 << 20][..], b"\n"].concat();
    let comments = b":\n".repeat(100_000);
    let within = [&start[..], &comments, b"\n"].concat();
    let after = [&start[..], b"\n", &comments].concat();
    assert_within(25, (&within, 64 * 1024), (&after, 64 * 1024));
}
