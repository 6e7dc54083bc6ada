//! Whether a mail comes from the domain that it names. Anybody may write any sender into a mail; the server that takes it
//! in checks that (SPF, DKIM, DMARC) and writes what it found into the mail (RFC 8601). Only the word of that server
//! counts, and only its latest: it takes out what others wrote under its name, and writes above what was there.

/// The domain of a mail address, in lower case; empty where it has none.
pub fn domain_of(address: &str) -> String {
    address.rsplit_once('@').map(|(_, domain)| domain.trim().trim_end_matches('.').to_lowercase()).unwrap_or_default()
}

/// Whether `server` found that the mail comes from this domain. `results` are the values of its Authentication-Results
/// headers, the latest first.
pub fn is_vouched(results: &[String], server: &str, domain: &str) -> bool {
    let (server, domain) = (server.to_lowercase(), domain.to_lowercase());
    let of_server = |result: &&String| bare(result).split(';').next().and_then(|id| id.split_whitespace().next()) == Some(&server);
    let Some(result) = results.iter().find(of_server).filter(|_| !domain.is_empty()) else { return false };
    bare(result).split(';').skip(1).any(|found| {
        let mut words = found.split_whitespace();
        let has = |wanted: &str| found.split_whitespace().any(|word| word.strip_prefix(wanted).is_some_and(|said| said.trim_matches('"') == domain));
        match words.next() {
            // DMARC is about the sender that people read; a signature of the very domain shows the same.
            Some("dmarc=pass") => has("header.from="),
            Some("dkim=pass") => has("header.d="),
            _ => false,
        }
    })
}

/// In lower case, without what stands in brackets, and without blanks around `=`.
fn bare(result: &str) -> String {
    let mut depth = 0u32;
    let mut text = String::new();
    for c in result.to_lowercase().chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => text.push(c),
            _ => {}
        }
    }
    text.split('=').map(str::trim).collect::<Vec<_>>().join("=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vouched(results: &[&str]) -> bool {
        let results: Vec<String> = results.iter().map(|result| (*result).to_owned()).collect();
        is_vouched(&results, "mx.change.example", "meridian.example")
    }

    #[test]
    fn the_word_of_the_own_server_counts_and_its_latest_only() {
        assert!(vouched(&["mx.change.example; spf=pass smtp.mailfrom=meridian.example; dmarc=pass (p=reject) header.from=meridian.example"]));
        assert!(vouched(&["MX.change.example 1;\r\n dkim = pass header.d=Meridian.example header.s=s1"]));
        assert!(vouched(&["relay.elsewhere.example; dmarc=fail header.from=meridian.example", "mx.change.example; dmarc=pass header.from=meridian.example"]));
        for (why, results) in [
            ("nobody says anything", vec![]),
            ("another server says it", vec!["mx.forger.example; dmarc=pass header.from=meridian.example"]),
            ("of another domain", vec!["mx.change.example; dmarc=pass header.from=forger.example"]),
            ("of one that ends alike", vec!["mx.change.example; dkim=pass header.d=not-meridian.example"]),
            ("it failed", vec!["mx.change.example; dmarc=fail header.from=meridian.example; dkim=fail header.d=meridian.example"]),
            ("the envelope proves nothing of the letter", vec!["mx.change.example; spf=pass smtp.mailfrom=meridian.example"]),
            ("words in brackets are no finding", vec!["mx.change.example; none (dmarc=pass header.from=meridian.example)"]),
            ("what stood there before", vec!["mx.change.example; dmarc=none", "mx.change.example; dmarc=pass header.from=meridian.example"]),
        ] {
            assert!(!vouched(&results), "{why}");
        }
        assert!(!is_vouched(&["mx; dmarc=pass header.from=".into()], "mx", ""), "no domain is nobody's");
    }

    #[test]
    fn a_domain_is_what_stands_behind_the_last_at() {
        assert_eq!(
            (domain_of("NOC@Meridian.Example.").as_str(), domain_of("\"a@b\"@c.example").as_str(), domain_of("nobody").as_str()),
            ("meridian.example", "c.example", "")
        );
    }
}
