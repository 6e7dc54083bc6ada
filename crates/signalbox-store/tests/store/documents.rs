//! Process documents are kept by the hash of their text and of what they are based on.

use signalbox_store::documents::{load_document, put_document};

use crate::harness::for_each_engine;

#[test]
fn a_document_is_kept_once_and_each_version_stays() {
    for_each_engine(|db| {
        db.write(|tx| {
            put_document(tx, "one", "outage", 1, "Planned outage", "# One\n", 10)?;
            put_document(tx, "one", "outage", 1, "Another title", "# One\n", 20)?;
            put_document(tx, "two", "outage", 2, "Planned outage", "# Two\n", 30)
        })
        .expect("a write");
        let found = db.read(|tx| load_document(tx, "one")).expect("a read").expect("the document");
        assert_eq!((found.title.as_str(), found.source.as_str(), found.stored_at), ("Planned outage", "# One\n", 10));
        assert_eq!(db.read(|tx| load_document(tx, "two")).expect("a read").expect("the newer one").version, 2);
        assert_eq!(db.read(|tx| load_document(tx, "none")), Ok(None));
    });
}
