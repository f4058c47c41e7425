//! The commands that bring the ComputeSDK daemon into a sandbox.

/// The default command that installs and starts the daemon. It can be run again. The installer's address and flags are
/// ComputeSDK's. The installer usually starts the daemon, so the command checks its health first (docs/providers/vercel.md).
pub(super) const INSTALL_COMMAND: &str = r#"set -e
if ! command -v compute > /dev/null 2>&1; then
  curl -fsSL https://computesdk.com/install.sh -o /tmp/computesdk-install.sh
  bash /tmp/computesdk-install.sh --non-interactive --access-token "$COMPUTESDK_ACCESS_TOKEN" --location /usr/local/bin
fi
curl -fsS -m 2 -o /dev/null http://127.0.0.1:18080/health || exec compute start --access-token "$COMPUTESDK_ACCESS_TOKEN""#;

/// The default command that succeeds when the daemon runs.
pub(super) const READY_COMMAND: &str = "curl -fsS -m 2 -o /dev/null http://127.0.0.1:18080/health";

/// The commands that install the daemon and check it.
pub(super) struct DaemonCommands {
    pub(super) install: String,
    pub(super) ready: String,
}

impl DaemonCommands {
    /// Returns a script that waits for the daemon inside the sandbox, so that no probe takes a request to Vercel.
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
