//! Names of imaging and of networks that are not spelt as their codes are.

/// A type of modality with what it stands for (DICOM PS3.3, C.7.3.1.1.1).
pub(super) fn name(code: &str) -> String {
    let meaning = match code {
        "cr" => "computed radiography",
        "ct" => "computed tomography",
        "dx" => "digital radiography",
        "es" => "endoscopy",
        "io" => "intra-oral radiography",
        "mg" => "mammography",
        "mr" => "magnetic resonance",
        "nm" => "nuclear medicine",
        "op" => "ophthalmic photography",
        "ot" => "other",
        "pt" => "positron emission tomography",
        "px" => "panoramic X-ray",
        "rf" => "fluoroscopy",
        "rg" => "film radiography",
        "rtimage" => "radiotherapy image",
        "us" => "ultrasound",
        "xa" => "angiography",
        _ => return code.to_uppercase(),
    };
    format!("{}, {meaning}", code.to_uppercase())
}

/// How a code is spelt where capitals matter.
pub(super) fn spelling(code: &str) -> Option<&'static str> {
    Some(match code {
        "tcp" => "TCP",
        "udp" => "UDP",
        "tcp_and_udp" => "TCP and UDP",
        "icmp" => "ICMP",
        "esp" => "ESP",
        "gre" => "GRE",
        "vpn" => "VPN",
        "dns" => "DNS",
        "mhs" => "MHS: message handling server",
        "as" => "AS: accredited system",
        "cma" => "CMA: both in one",
        "ip_change" => "New IP address",
        "aet_change" => "New AE title",
        "c-echo" => "C-ECHO",
        "c-store" => "C-STORE",
        "dhcp_reservation" => "DHCP reservation",
        "iso_ir_100" => "ISO_IR 100: Latin 1",
        "iso_ir_192" => "ISO_IR 192: UTF-8",
        "iso_ir_6" => "ISO_IR 6: ASCII",
        "e-rs" => "e-RS (Choose and Book)",
        "pds" => "Spine: demographics (PDS)",
        "sds" => "Spine: directory (SDS)",
        "eps" => "Electronic prescriptions (EPS)",
        "scr" => "Summary care record (SCR)",
        "endpoint_or_asid" => "An endpoint or ASID",
        "pas_replacement_or_upgrade" => "Replacement or upgrade of a PAS",
        "services_in_bulk" => "Services, in bulk",
        "downtime_of_the_local_pas" => "Downtime of the local PAS",
        "permanent_reviewed_yearly" => "Permanent, looked at every year",
        _ => return None,
    })
}
