//! A code that a telephone reads (ISO/IEC 18004), drawn as one path: it prints sharp at any size and needs no image.

use qrcode::{Color, EcLevel, QrCode};

use super::pages::poster::Code;
use super::problem::Failure;

/// Modules of white that the standard wants around.
const QUIET: usize = 4;

/// The code of an address. A quarter of it may be torn or dirty and it is read all the same.
///
/// # Errors
/// For an address longer than any of ours.
pub fn code(address: &str, alt: &str) -> Result<Code, Failure> {
    let made = QrCode::with_error_correction_level(address.as_bytes(), EcLevel::Q).map_err(|fault| Failure::bug(&fault))?;
    let width = made.width();
    let mut path = String::new();
    for (n, color) in made.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            path.push_str(&format!("M{} {}h1v1h-1z", n % width + QUIET, n / width + QUIET));
        }
    }
    Ok(Code { size: width + 2 * QUIET, path, alt: alt.to_owned(), address: address.to_owned() })
}
