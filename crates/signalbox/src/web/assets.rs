//! Stylesheets and scripts, held in the binary and served under addresses that carry a hash of their content.
//!
//! `assets/own` is ours; `assets/dist` is written by `make assets` from the front-end lockfile.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

use axum::body::Body;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "assets/own"]
struct Own;

// Missing on a fresh clone until `make assets` has run; `missing` names what is absent, so that the
// program can say so at start instead of serving bare pages.
#[derive(RustEmbed)]
#[folder = "assets/dist"]
#[allow_missing = true]
struct Dist;

/// Everything a page refers to.
pub const NEEDED: [&str; 7] = ["mark.svg", "nhsuk.css", "signalbox.css", "grid.css", "idiomorph.js", "app.js", "speak.js"];

struct Asset {
    address: String,
    hash: String,
    mime: &'static str,
    bytes: Cow<'static, [u8]>,
}

fn assets() -> &'static HashMap<String, Asset> {
    static ASSETS: OnceLock<HashMap<String, Asset>> = OnceLock::new();
    ASSETS.get_or_init(|| {
        let own = Own::iter().filter_map(|name| Own::get(&name).map(|file| (name, file)));
        let dist = Dist::iter().filter_map(|name| Dist::get(&name).map(|file| (name, file)));
        own.chain(dist)
            .filter_map(|(name, file)| {
                let mime = mime_of(&name)?;
                let hash = short_hash(&file.data);
                let address = format!("/assets/{hash}/{name}");
                Some((name.into_owned(), Asset { address, hash, mime, bytes: file.data }))
            })
            .collect()
    })
}

fn mime_of(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

fn short_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).fold(String::new(), |mut text, byte| {
        // Writing to a String never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The address of an asset, with the hash of its content. An unknown name gives an address that answers 404.
pub fn asset(name: &str) -> &'static str {
    assets().get(name).map_or("/assets/none", |asset| asset.address.as_str())
}

/// What an asset holds.
pub fn bytes(name: &str) -> Option<&'static [u8]> {
    assets().get(name).map(|asset| asset.bytes.as_ref())
}

/// Names of the assets that pages need and this build does not hold.
pub fn missing() -> Vec<&'static str> {
    NEEDED.into_iter().filter(|name| !assets().contains_key(*name)).collect()
}

/// `GET /assets/{hash}/{name}`. The address changes with the content, so a copy may be kept for ever.
pub async fn serve(Path((hash, name)): Path<(String, String)>) -> Response {
    match assets().get(&name) {
        Some(asset) if asset.hash == hash => (
            [(header::CONTENT_TYPE, asset.mime), (header::CACHE_CONTROL, "public, max-age=31536000, immutable"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")],
            Body::from(asset.bytes.as_ref().to_vec()),
        )
            .into_response(),
        _ => (StatusCode::NOT_FOUND, "No such file.").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_needed_asset_is_held_and_addressed_by_its_content() {
        assert_eq!(missing(), Vec::<&str>::new(), "run `make assets`");
        for name in NEEDED {
            let address = asset(name);
            assert!(address.starts_with("/assets/") && address.ends_with(name), "{address}");
        }
        assert_ne!(asset("app.js"), asset("speak.js"));
        assert_eq!(asset("other.css"), "/assets/none");
    }

    #[test]
    fn no_stylesheet_names_a_licensed_font_or_another_host() {
        for (name, asset) in assets() {
            let text = String::from_utf8_lossy(&asset.bytes).to_lowercase();
            assert!(!text.contains("@font-face") && !text.contains("frutiger"), "{name}");
            assert!(!text.contains("url(http") && !text.contains("//assets."), "{name}");
        }
    }
}
