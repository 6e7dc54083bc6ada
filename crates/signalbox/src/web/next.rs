//! Where to go after signing in: a path of ours, or the front page (S60).

use super::ROUTES;
use axum::http::Method;

/// The address to go on to, if `wanted` is a page of this site; else `/`.
///
/// Filters on redirects have been passed with `//`, `/\`, `@`, control characters and double encoding, so this
/// admits a short alphabet and asks the router's own table whether there is such a page.
pub fn safe(wanted: &str) -> &str {
    if is_plain(wanted) && is_page(wanted) { wanted } else { "/" }
}

fn is_plain(address: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "/-_.~?&=+:,%".contains(c);
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    address.len() <= 1_000
        && address.starts_with('/')
        && !path.contains("//")
        && !path.contains(['%', ':'])
        && address.chars().all(is_allowed)
        && !query.contains('?')
        && !has_control(query)
}

/// Whether an encoded control character hides in a query.
fn has_control(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name.chars().chain(value.chars()).any(char::is_control))
}

fn is_page(address: &str) -> bool {
    let path = address.split_once('?').map_or(address, |(path, _)| path);
    let is_it = |pattern: &str| {
        let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return true,
                (Some(part), Some(word)) if part.starts_with('{') => {
                    if word.is_empty() || word.starts_with('.') {
                        return false;
                    }
                }
                (Some(part), Some(word)) if part == word => {}
                _ => return false,
            }
        }
    };
    ROUTES.iter().any(|route| route.method == Method::GET && !route.path.starts_with("/assets") && is_it(route.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_gone_on_to() {
        for good in ["/me", "/members", "/members?filter=ruth+ellery&after=%C3%A9"] {
            assert_eq!(safe(good), good);
        }
        let evil = [
            "//e",
            "/\\e",
            "\\\\e",
            "https:e",
            "https://host.evil",
            "@e",
            "/@e",
            "%2f%2fe",
            "/%2fe",
            "/%5ce",
            "javascript:alert(1)",
            "data:text/html,x",
            "/me%0d%0aSet-Cookie:x",
            "/me?x=%0d%0ay",
            "/%09/e",
            "/\t/e",
            "/me\r\n",
            " /me",
            "",
            "me",
            "/no-such-page",
            "/me/../../e",
            "/.",
            "/..",
            "/me//e",
            "/me#//e",
            "/assets/x/y",
            "/me?next=?",
        ];
        for evil in evil {
            assert_eq!(safe(evil), "/", "{evil:?}");
        }
        assert_eq!(safe(&format!("/me?{}", "a".repeat(2_000))), "/");
    }
}
