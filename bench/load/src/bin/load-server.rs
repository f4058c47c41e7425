//! `load-server [--threads N] [--round-trip-ms N] --authority FILE`: starts the servers, prints their addresses as one
//! line of JSON, and ends when its standard input does, so that it never outlives the process that started it.

use std::io::{Read, Write};
use std::time::Duration;

use gateway_bench_load::{Failure, relay, server, tls};

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    let number = |name, default| option(name).map_or(Ok(default), |text| text.parse());
    let threads = number("--threads", 1)?;
    let round_trip = Duration::from_millis(number("--round-trip-ms", 30)? as u64);
    let authority = option("--authority").ok_or("--authority FILE is missing: where the certificate goes")?;

    let identity = tls::identity()?;
    std::fs::write(authority, &identity.authority)?;
    let plain = server::start(threads, None)?;
    let secure = server::start(threads, Some(identity.acceptor))?;
    let far = relay::start(plain, round_trip)?;
    let far_secure = relay::start(secure, round_trip)?;
    let addresses = serde_json::json!({
        "plain": format!("http://127.0.0.1:{}", plain.port()),
        "secure": format!("https://127.0.0.1:{}", secure.port()),
        "far": format!("http://127.0.0.1:{}", far.port()),
        "farSecure": format!("https://127.0.0.1:{}", far_secure.port()),
    });
    println!("{addresses}");
    std::io::stdout().flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
