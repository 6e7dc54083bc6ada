//! `signalbox serve`.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;
use signalbox_core::process::Processes;
use tokio::net::TcpListener;

use super::{Stop, StoreArgs};
use crate::app::{App, Shared};
use crate::clock::{Clock, IdSource};
use crate::config::{BaseUrl, Config, MailRoute, Silences, Team};
use crate::{deliver, web, worker};

/// How long the program waits for its worker when it is told to stop.
const PARTING: Duration = Duration::from_secs(5);

#[derive(Args, Debug)]
pub(super) struct Serve {
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    settings: Settings,
}

/// What a server can be told, apart from its database.
#[derive(Args, Debug)]
pub(super) struct Settings {
    /// Address and port to answer on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", env = "SIGNALBOX_LISTEN")]
    pub(super) listen: SocketAddr,
    /// The address that people use, such as https://change.example.org. Links in mails start with it, and
    /// no other host is answered.
    #[arg(long, value_name = "URL", env = "SIGNALBOX_BASE_URL")]
    base_url: Option<String>,
    /// Folder of process documents that replace those in the program.
    #[arg(long, value_name = "DIR", env = "SIGNALBOX_PROCESSES")]
    processes: Option<PathBuf>,
    /// Folder for a signed copy of the open schedule, written every five minutes: readable while this server is down.
    #[arg(long, value_name = "DIR", env = "SIGNALBOX_STATIC_COPY")]
    static_copy: Option<PathBuf>,
    /// How many hours before its beginning a monitor learns of a silence.
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=720), env = "SIGNALBOX_SILENCE_LEAD")]
    silence_lead: u32,
    /// SMTP server for mail: smtp://host:25 or smtps://user:password@host. Without it mail waits in the outbox.
    #[arg(long, value_name = "URL", env = "SIGNALBOX_MAIL", hide_env_values = true)]
    mail: Option<String>,
    /// The sender of our mails.
    #[arg(long, value_name = "ADDRESS", default_value = "signalbox@localhost", env = "SIGNALBOX_MAIL_FROM")]
    mail_from: String,
    /// The name under which the mail server that hands in notices of carriers writes Authentication-Results into them.
    /// With it, a notice whose sender that server did not find genuine waits for a person.
    #[arg(long, value_name = "NAME", env = "SIGNALBOX_MAIL_CHECKED_BY")]
    mail_checked_by: Option<String>,
    /// The reverse proxy in front of us, whose X-Forwarded-For is believed.
    #[arg(long, value_name = "IP", env = "SIGNALBOX_PROXY")]
    proxy: Option<IpAddr>,
    /// Whom people write to or ring: on every page.
    #[arg(long, default_value = "Change team", env = "SIGNALBOX_TEAM_NAME")]
    team_name: String,
    #[arg(long, value_name = "ADDRESS", default_value = "change@localhost", env = "SIGNALBOX_TEAM_EMAIL")]
    team_email: String,
    #[arg(long, value_name = "NUMBER", default_value = "", env = "SIGNALBOX_TEAM_TELEPHONE")]
    team_telephone: String,
    #[arg(long, value_name = "WORDS", default_value = "", env = "SIGNALBOX_TEAM_HOURS")]
    team_hours: String,
}

impl Settings {
    /// The settings of a server that listens on `listen`.
    pub(super) fn config(&self, listen: SocketAddr, is_demo: bool) -> Result<Config, Stop> {
        let base = match &self.base_url {
            Some(url) => BaseUrl::parse(url).map_err(Stop::WrongUse)?,
            None => BaseUrl::of_listener(listen),
        };
        let mail = match &self.mail {
            Some(url) => MailRoute::Smtp { url: url.clone(), from: self.mail_from.clone() },
            None => MailRoute::Kept,
        };
        Ok(Config {
            base,
            is_base_named: self.base_url.is_some(),
            proxy: self.proxy,
            processes: self.processes.clone(),
            static_copy: self.static_copy.clone(),
            silences: Silences { lead: SignedDuration::from_hours(i64::from(self.silence_lead)), ..Silences::default() },
            mail,
            mail_checked_by: self.mail_checked_by.clone(),
            team: Team { name: self.team_name.clone(), email: self.team_email.clone(), telephone: self.team_telephone.clone(), hours: self.team_hours.clone() },
            is_demo,
        })
    }
}

impl Serve {
    pub(super) fn run(&self) -> Result<(), Stop> {
        log_to_stderr();
        let missing = web::assets::missing();
        if !missing.is_empty() {
            tracing::warn!(?missing, "built without make assets: pages will look bare");
        }
        let db = self.store.open()?;
        let _lock = db.lock()?;
        runtime()?.block_on(async {
            let listener = bind(self.settings.listen).await?;
            let config = self.settings.config(listener.local_addr()?, false)?;
            let processes = processes(config.processes.as_deref())?;
            let app = App::under(db, Clock::system(), IdSource::new(), config, processes);
            app.keep_documents()?;
            app.documents.tell();
            app.make_schedule()?;
            answer(listener, app).await
        })
    }
}

/// The shipped documents, with those of the folder over them. A faulty one stops the start, with every fault named.
pub(super) fn processes(folder: Option<&Path>) -> Result<Processes, Stop> {
    let mut files = vec![];
    if let Some(folder) = folder {
        for entry in std::fs::read_dir(folder).map_err(|fault| Stop::WrongUse(format!("{}: {fault}", folder.display())))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                files.push(path);
            }
        }
        files.sort();
    }
    super::record::read_documents(&files)?.map_err(|faults| Stop::Finding(format!("the process documents have faults:\n{}", faults.join("\n"))))
}

pub(super) async fn bind(listen: SocketAddr) -> Result<TcpListener, Stop> {
    TcpListener::bind(listen).await.map_err(|error| Stop::Finding(format!("can’t listen on {listen}: {error}")))
}

/// Answers until the process is told to stop, then finishes what it has begun.
pub(super) async fn answer(listener: TcpListener, app: Shared) -> Result<(), Stop> {
    let post = deliver::post_of(&app).map_err(Stop::WrongUse)?;
    let worker = worker::spawn(app.clone(), post);
    let monitors = worker::monitors::spawn(app.clone());
    println!("Signalbox answers at {}", app.config.base);
    let service = web::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let answered = axum::serve(listener, service).with_graceful_shutdown(told_to_stop()).await;
    // It stops at its next rest, for which this runtime has to be there still. What takes longer is done again after the
    // next start.
    app.stop();
    worker.abort();
    monitors.abort();
    let _ = tokio::time::timeout(PARTING, worker).await;
    Ok(answered?)
}

async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without a handler the signal ends the process outright, which the store survives.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// One JSON object a line: nothing that a visitor typed can start a new line (S82).
pub(super) fn log_to_stderr() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("SIGNALBOX_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // Fails only if a logger stands already, and then that one does.
    let _ = tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
