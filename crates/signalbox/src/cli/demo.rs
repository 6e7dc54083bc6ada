//! `signalbox demo`: a world to walk about in, made afresh, with a door for every person.

use std::path::PathBuf;

use clap::Args;
use signalbox_store::{Db, Target};

use super::Stop;
use super::serve::Settings;
use crate::clock::Clock;
use crate::demo::{self, Unmade};

#[derive(Args, Debug)]
pub(super) struct Demo {
    /// Folder for the world. Without it the world goes when the program ends; with it, it is made once and kept.
    #[arg(long, value_name = "DIR", env = "SIGNALBOX_DATA")]
    data: Option<PathBuf>,
    /// PostgreSQL instead of a folder; an empty database.
    #[arg(long, value_name = "URL", env = "SIGNALBOX_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

impl Demo {
    pub(super) fn run(&self) -> Result<(), Stop> {
        super::serve::log_to_stderr();
        let passing = Passing::new(self.data.is_none() && self.database_url.is_none())?;
        let target = match (&self.database_url, &self.data) {
            (Some(url), _) => Target::Postgres(url.clone()),
            (None, Some(folder)) => Target::Sqlite(folder.clone()),
            (None, None) => Target::Sqlite(passing.folder.clone()),
        };
        let db = Db::open(&target)?;
        let _lock = db.lock()?;
        super::serve::runtime()?.block_on(async {
            let listener = super::serve::bind(self.settings.listen).await?;
            let mut config = self.settings.config(listener.local_addr()?, true)?;
            demo::call_the_team(&mut config);
            if db.read(|tx| demo::is_empty(tx))? {
                let made = tokio::task::block_in_place(|| demo::make(&db, &config, Clock::system().now(), 1));
                made.map_err(|unmade| match unmade {
                    Unmade::Store(fault) => fault.into(),
                    Unmade::Stopped(why) => Stop::Finding(format!("the world could not be made: {why}")),
                })?;
            }
            super::serve::answer(listener, demo::serve(db, config)).await
        })
    }
}

/// A folder that goes when the program ends.
struct Passing {
    folder: PathBuf,
    is_used: bool,
}

impl Passing {
    fn new(is_used: bool) -> Result<Passing, Stop> {
        let folder = std::env::temp_dir().join(format!("signalbox-demo-{}", std::process::id()));
        if is_used {
            std::fs::create_dir_all(&folder)?;
        }
        Ok(Passing { folder, is_used })
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        if self.is_used {
            // What cannot be removed is a few files in the folder for such files.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
