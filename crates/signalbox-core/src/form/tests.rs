//! Reading what was typed, and typing it again.

use super::*;

#[test]
fn an_nhs_number_is_seen_and_a_telephone_number_is_not() {
    assert!(holds_nhs_number("scan of 943 476 5919 failed"));
    assert!(holds_nhs_number("9434765919"));
    assert!(!holds_nhs_number("9434765918"));
    assert!(!holds_nhs_number("ring 020 7946 0117"));
    assert!(!holds_nhs_number("RFC-2026-000123"));
}

#[test]
fn what_was_sent_is_typed_again_and_reads_the_same() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let (zone_name, zone) = ("Europe/London", crate::calendar::london());
    let mut facts = Facts::default();
    facts.items.push(crate::facts::ItemFact { id: ItemId(7), code: "NB-1".into(), org: crate::ids::OrgId(1), site: None, services: vec![], is_network: false });
    facts.files.insert(9, ("plan.pdf".into(), 1, String::new()));
    let mut mint = Mint::new(1, [0; 16]);
    let mut texts = vec![];
    let mut text = |words: &str| {
        let new = NewText::mint(&mut mint, words);
        let reference = new.reference();
        texts.push(new);
        reference
    };
    let (title, name, phone) = (text("Move the\ngateway"), text("Len Brook"), text("020 7946 0158"));
    let (one, two) = (text("Shut down"), text("Restart"));
    let moment = |when: &str| Answer::Moment { at: at(when), zone: zone_name.into() };
    let mut kinds = vec![];
    let answers: Answers = [
        ("title", Answer::Text(title), AnswerKind::Prose),
        ("why", Answer::Choice("life cycle".into()), AnswerKind::Choice(vec!["life cycle".into()])),
        ("many", Answer::Choices(vec!["a".into(), "b".into()]), AnswerKind::Choices(vec!["a".into(), "b".into()])),
        ("sure", Answer::Yes(false), AnswerKind::YesNo),
        ("minutes", Answer::Number(-3), AnswerKind::Number { min: -9, max: 9 }),
        ("day", Answer::Date(jiff::civil::date(2026, 12, 1)), AnswerKind::Date),
        // The first and the second 01:30 of the night when the clocks go back, and an instant with seconds.
        ("window", Answer::Window { start: at("2026-10-25T00:30:00Z"), end: at("2026-10-25T01:30:00Z"), zone: zone_name.into() }, AnswerKind::Window),
        ("summer", moment("2026-07-01T05:00:00Z"), AnswerKind::Moment { after: None }),
        ("exact", moment("2026-07-01T05:00:07Z"), AnswerKind::Moment { after: None }),
        ("items", Answer::Items(vec![ItemId(7)]), AnswerKind::Items),
        ("contact", Answer::Person { name, phone }, AnswerKind::PersonAndPhone),
        ("actions", Answer::List(vec![one, two]), AnswerKind::List),
        ("attachments", Answer::Files(vec![FileId(9)]), AnswerKind::Files),
    ]
    .into_iter()
    .map(|(id, answer, kind)| {
        kinds.push((id, kind));
        (id.to_owned(), answer)
    })
    .collect();
    facts.prose = texts.into_iter().map(|t| (t.id, t.body)).collect();
    let codes = Codes { items: [(ItemId(7), "NB-1".to_owned())].into(), ..Codes::default() };
    let raw = typed_again(&answers, &facts.prose, &codes);
    assert_eq!((raw["window.start.fold"][0].as_str(), raw["window.end.fold"][0].as_str()), ("first", "second"));
    assert_eq!((raw["summer.time"][0].as_str(), raw.get("summer.fold")), ("06:00", None));
    let mut mint = Mint::new(1_000, [1; 16]);
    let mut form = Form::new(&raw, &facts, zone_name, zone, &mut mint, Some(&answers));
    let read: Answers = kinds.iter().filter_map(|(id, kind)| Some(((*id).to_owned(), form.answer(id, kind, true)?))).collect();
    assert_eq!(form.faults, vec![]);
    assert!(form.texts.is_empty(), "words that did not change keep their reference");
    assert_eq!(read, answers);
}
