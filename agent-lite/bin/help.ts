export const HELP = `boardlet-agent makes this machine a Kubernetes node.

Usage:
  boardlet-agent join <url> <token> [--dir DIR] [--board NAME] [--force]
  boardlet-agent run [--dir DIR] [--config FILE] [--stop-pods] [--<setting> VALUE ...]
  boardlet-agent --version | --help

join     Turns a one-time token into this board's identity: a key that never leaves it and a certificate.
         The token - is read from standard input, where other users of the machine do not see it.
run      Runs until SIGTERM. Prints one JSON line on stdout once pods are being looked after; logs go to stderr.

  --dir DIR        all state; default /var/lib/boardlet
  --config FILE    default DIR/config.yaml; BOARDLET_* variables and flags override it
  --stop-pods      at the end stop the pods too, as a shutdown of the machine would; else they run on
  --json           join: print the result as JSON

Examples:
  boardlet-agent join https://bridge.example:7443 a1b2c3.0123456789abcdef.4f1c…
  boardlet-agent join https://bridge.example:7443 - < token-file
  boardlet-agent run --dir /var/lib/boardlet
  BOARDLET_LOG_LEVEL=debug boardlet-agent run --labels site=hall-3

Exit codes: 0 done, 1 failed, 2 usage, 69 the bridge cannot be reached, 77 no permission, 78 bad configuration
`;
