//! Command line of the emulator: the server and four client commands.

use std::fs::File;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use oss_emulator::client_commands::Client;
use oss_emulator::{AccessKey, Addressing, Emulator, Options, Rule, Signer};

/// A strict local server that speaks the OSS protocol.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<ClientCommand>,
    #[command(flatten)]
    serve: Serve,
}

/// Arguments of the server.
#[derive(Args)]
struct Serve {
    /// Address and port to listen on; port 0 selects a free port.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Directory for buckets, objects and uploads; defaults to a temporary directory.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Region of signatures.
    #[arg(long, default_value = "cn-hangzhou")]
    region: String,
    /// Buckets to create.
    #[arg(long, num_args = 1..)]
    bucket: Vec<String>,
    /// Access key ID that requests must be signed with.
    #[arg(long, requires = "access_key_secret")]
    access_key_id: Option<String>,
    /// Access key secret.
    #[arg(long, requires = "access_key_id")]
    access_key_secret: Option<String>,
    /// STS token that requests must include.
    #[arg(long)]
    security_token: Option<String>,
    /// Where the bucket name is read from.
    #[arg(long, value_enum, default_value = "both")]
    addressing: Style,
    /// JSON file with fault rules.
    #[arg(long)]
    faults: Option<PathBuf>,
    /// Behavior option, as `name=value`; can be repeated.
    #[arg(long = "option")]
    options: Vec<String>,
    /// Allow a non-loopback listen address.
    #[arg(long)]
    allow_any_address: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Style {
    Path,
    Virtual,
    Both,
}

#[derive(Subcommand)]
enum ClientCommand {
    /// Writes an object to a file or to standard output.
    Get {
        /// Object URL: http://127.0.0.1:PORT/bucket/key
        url: String,
        /// File to write; defaults to standard output.
        #[arg(short, long)]
        output: Option<PathBuf>,
        #[command(flatten)]
        keys: Keys,
    },
    /// Stores a file as an object.
    Put {
        /// Object URL: http://127.0.0.1:PORT/bucket/key
        url: String,
        /// File to upload.
        file: PathBuf,
        #[command(flatten)]
        keys: Keys,
    },
    /// Lists objects with their sizes.
    Ls {
        /// Prefix URL: http://127.0.0.1:PORT/bucket/prefix
        url: String,
        #[command(flatten)]
        keys: Keys,
    },
    /// Lists incomplete multipart uploads.
    Uploads {
        /// Prefix URL: http://127.0.0.1:PORT/bucket/prefix
        url: String,
        #[command(flatten)]
        keys: Keys,
    },
}

/// Credentials and region of the client commands.
#[derive(Args)]
struct Keys {
    /// Access key ID.
    #[arg(long, env = "OSS_ACCESS_KEY_ID")]
    access_key_id: String,
    /// Access key secret.
    #[arg(long, env = "OSS_ACCESS_KEY_SECRET", hide_env_values = true)]
    access_key_secret: String,
    /// STS token.
    #[arg(long, env = "OSS_SESSION_TOKEN", hide_env_values = true)]
    security_token: Option<String>,
    /// Region of the signature.
    #[arg(long, env = "OSS_REGION", default_value = "cn-hangzhou")]
    region: String,
}

impl Keys {
    fn client(self) -> Client {
        let mut key = AccessKey::new(self.access_key_id, self.access_key_secret);
        key.token = self.security_token.filter(|token| !token.is_empty());
        Client::new(Signer { key, region: self.region })
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> ExitCode {
    let line = CommandLine::parse();
    let result = match line.command {
        None => serve(line.serve).await,
        Some(command) => run(command).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            print_error(&message);
            ExitCode::FAILURE
        }
    }
}

async fn run(command: ClientCommand) -> Result<(), String> {
    let mut out = io::stdout();
    match command {
        ClientCommand::Get { url, output: None, keys } => keys.client().get(&url, &mut out).await,
        ClientCommand::Get { url, output: Some(path), keys } => {
            let failed = |error: io::Error| format!("{}: {error}", path.display());
            let mut file = File::create(&path).map_err(failed)?;
            keys.client().get(&url, &mut file).await
        }
        ClientCommand::Put { url, file, keys } => keys.client().put(&url, &file).await,
        ClientCommand::Ls { url, keys } => keys.client().ls(&url, &mut out).await,
        ClientCommand::Uploads { url, keys } => keys.client().uploads(&url, &mut out).await,
    }
}

async fn serve(arguments: Serve) -> Result<(), String> {
    let mut options = Options::default();
    arguments.options.iter().try_for_each(|option| options.set(option))?;
    let rules = arguments.faults.map_or(Ok(Vec::new()), |path| Rule::load(&path))?;
    let mut builder = Emulator::builder()
        .listen(arguments.listen)
        .region(arguments.region)
        .addressing(match arguments.addressing {
            Style::Path => Addressing::Path,
            Style::Virtual => Addressing::Virtual,
            Style::Both => Addressing::Both,
        })
        .rules(rules)
        .options(options)
        .log();
    if let Some(dir) = arguments.dir {
        builder = builder.dir(dir);
    }
    if arguments.allow_any_address {
        builder = builder.any_address();
    }
    for bucket in arguments.bucket {
        builder = builder.bucket(bucket);
    }
    if let (Some(id), Some(secret)) = (arguments.access_key_id, arguments.access_key_secret) {
        let mut key = AccessKey::new(id, secret);
        key.token = arguments.security_token;
        builder = builder.key(key);
    }
    // Install the handlers before the URL is printed.
    let ended = end_signal().map_err(|error| error.to_string())?;
    let emulator = builder.start().map_err(|error| error.to_string())?;
    print_url(emulator.url()).map_err(|error| error.to_string())?;
    ended.await;
    emulator.stop();
    Ok(())
}

/// Installs handlers, and returns what waits for a signal that ends the server.
#[cfg(unix)]
fn end_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(windows)]
fn end_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}

fn print_url(url: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "listening on {url}")?;
    out.flush()
}

/// Ignores write errors on stderr.
fn print_error(message: &str) {
    let _ = writeln!(io::stderr(), "oss-emulator: {message}");
}
