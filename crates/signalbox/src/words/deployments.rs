//! What a deployment says of itself in the request that is its record (C182).

/// The most that a title holds.
const TITLE_MAX_CHARS: usize = 120;

/// The title where the pipeline gives none: the entry's, and what was deployed.
pub fn title(entry: &str, version: Option<&str>) -> String {
    let whole = version.map_or_else(|| entry.to_owned(), |version| format!("{entry}: {version}"));
    whole.chars().take(TITLE_MAX_CHARS).collect()
}

/// Under which name the pipeline knows it, what was deployed, and where more of it can be read.
pub fn told(id: &str, version: Option<&str>, link: Option<&str>) -> String {
    let version = version.map(|version| format!("Version {version}"));
    let lines = [Some(format!("Deployment {id}")), version, link.map(str::to_owned)];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}
