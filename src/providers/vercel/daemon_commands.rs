//! The commands that bring the ComputeSDK daemon into a sandbox.

/// Installs and starts the daemon by default. The installer's address and flags are those of the ComputeSDK. The installer
/// usually starts the daemon itself, so the daemon's health is asked first (docs/providers/vercel.md). It can be run again.
pub(super) const INSTALL_COMMAND: &str = r#"set -e
if ! command -v compute > /dev/null 2>&1; then
  curl -fsSL https://computesdk.com/install.sh -o /tmp/computesdk-install.sh
  bash /tmp/computesdk-install.sh --non-interactive --access-token "$COMPUTESDK_ACCESS_TOKEN" --location /usr/local/bin
fi
curl -fsS -m 2 -o /dev/null http://127.0.0.1:18080/health || exec compute start --access-token "$COMPUTESDK_ACCESS_TOKEN""#;

/// Proves by default that the daemon is there.
pub(super) const READY_COMMAND: &str = "curl -fsS -m 2 -o /dev/null http://127.0.0.1:18080/health";

/// How the daemon gets into the sandbox, and how it proves that it is there.
pub(super) struct DaemonCommands {
    pub(super) install: String,
    pub(super) ready: String,
}

impl DaemonCommands {
    /// Returns a script that waits in the sandbox itself, so that Vercel need not be asked for each probe.
    pub(super) fn wait_script(&self) -> String {
        format!("until {{ {}\n}}; do sleep 1; done", self.ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_command_is_repeated_as_a_whole() {
        let commands = DaemonCommands {
            install: String::new(),
            ready: "a && b # why".to_owned(),
        };
        assert_eq!(commands.wait_script(), "until { a && b # why\n}; do sleep 1; done");
    }
}
