//! Whole numbers as text and back, and text put together, without the machinery of the standard
//! library: a module of a few dozen kilobytes has no room for it.

use alloc::string::String;

/// The decimal digits of a number.
pub(crate) fn digits(number: u64) -> String {
    let mut text = match number / 10 {
        0 => String::new(),
        before => digits(before),
    };
    text.push(char::from(b'0' + (number % 10) as u8));
    text
}

/// The parts as one text. (The library's own `concat` is four times as long.)
pub(crate) fn joined(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}

/// The number that these bytes are the decimal digits of; `None` if there is none or something
/// else among them, or if it is larger than 64 bits.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        // A multiplication that is checked would be one of 128 bits.
        (digit < 10 && number <= u64::MAX / 10).then_some(())?;
        (number * 10).checked_add(digit.into())
    })
}

/// The same, but the largest number there is where it is larger.
pub(crate) fn saturating_number(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| number(text).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_comes_back_from_its_digits() {
        for given in [0, 7, 10, 409, 65_535, u64::MAX] {
            assert_eq!(digits(given), given.to_string());
            assert_eq!(number(digits(given).as_bytes()), Some(given));
        }
    }

    #[test]
    fn what_is_no_number_of_64_bits_is_none() {
        for text in ["", "-1", "+1", "1.0", "1e3", " 1", "18446744073709551616"] {
            assert_eq!(number(text.as_bytes()), None, "{text:?}");
        }
    }
}
