//! Durations as people write them: `500ms`, `30s`, `10m`, `1h30m`.

use std::time::Duration;

/// The units, the largest first, with their milliseconds.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a duration: whole numbers, each with its unit, the larger units first. An error says what is wrong.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    let mut units = UNITS.iter();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return Err("the time is empty".to_owned());
    }
    while !rest.is_empty() {
        let (digits, tail) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
        if digits.is_empty() {
            return Err(format!("`{text}` is not a duration"));
        }
        let (unit, tail) = tail.split_at(tail.bytes().take_while(u8::is_ascii_alphabetic).count());
        if unit.is_empty() && tail.is_empty() {
            return Err(format!("`{text}` has no unit"));
        }
        let Some((_, n_ms)) = units.find(|(name, _)| *name == unit) else {
            return Err(format!("`{text}` is not a duration"));
        };
        let n_more = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(*n_ms));
        total = n_more.and_then(|n_more| total.checked_add(n_more)).ok_or(format!("`{text}` is too long"))?;
        rest = tail;
    }
    if total == 0 { Err("the time is zero".to_owned()) } else { Ok(Duration::from_millis(total)) }
}

/// Writes a duration as [`parse`] reads it; what is below a millisecond is dropped.
pub(crate) fn text(duration: Duration) -> String {
    let mut left = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (name, n_ms) in UNITS {
        if left >= n_ms {
            text.push_str(&format!("{}{name}", left / n_ms));
            left %= n_ms;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{parse, text};

    #[track_caller]
    fn check(written: &str, expected: Result<u128, &str>) {
        assert_eq!(parse(written).map(|duration| duration.as_millis()), expected.map_err(str::to_owned), "{written}");
    }

    #[test]
    fn durations_of_every_unit() {
        check("500ms", Ok(500));
        check("30s", Ok(30_000));
        check("10m", Ok(600_000));
        check("1h30m", Ok(5_400_000));
        check(" 2h1m3s4ms ", Ok(7_263_004));
    }

    #[test]
    fn what_is_no_duration_says_why() {
        check("", Err("the time is empty"));
        check("10", Err("`10` has no unit"));
        check("1m30", Err("`1m30` has no unit"));
        check("ten minutes", Err("`ten minutes` is not a duration"));
        check("10 m", Err("`10 m` is not a duration"));
        check("-5s", Err("`-5s` is not a duration"));
        check("1.5s", Err("`1.5s` is not a duration"));
        check("5d", Err("`5d` is not a duration"));
        check("30m1h", Err("`30m1h` is not a duration"));
        check("0s", Err("the time is zero"));
        check("99999999999999999999h", Err("`99999999999999999999h` is too long"));
        check("18446744073709551615ms1ms", Err("`18446744073709551615ms1ms` is not a duration"));
        check("5é", Err("`5é` is not a duration"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for n_ms in [1, 999, 1_000, 61_001, 5_400_000, 90_061_001] {
            let duration = std::time::Duration::from_millis(n_ms);
            assert_eq!(parse(&text(duration)), Ok(duration), "{n_ms}");
        }
    }
}
