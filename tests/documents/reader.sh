# What a reader does beside typing: a server has a terminal of its own, and what follows a log is
# interrupted. Expects SERVER_LOG and READY_FILE; PATIENCE is in seconds.

server=

stop_server() {
    [ -n "$server" ] || return 0
    kill -TERM "$server"
    wait "$server"
    server=
}

serve() {
    stop_server
    command fleetwright "$@" --ready-file "$READY_FILE" >>"$SERVER_LOG" 2>&1 &
    server=$!
    for _ in $(seq $((PATIENCE * 10))); do
        [ ! -s "$READY_FILE" ] || return 0
        kill -0 "$server" 2>/dev/null || { wait "$server"; return 1; }
        sleep 0.1
    done
    return 1
}

fleetwright() {
    case " $* " in
    *' --check '* | *' --help '*) command fleetwright "$@" ;;
    ' serve '*) serve "$@" ;;
    *' --follow '*)
        local status=0
        timeout --signal INT 3 fleetwright "$@" || status=$?
        [ "$status" -eq 124 ] || [ "$status" -eq 0 ]
        ;;
    *) command fleetwright "$@" ;;
    esac
}

trap 'stop_server || true' EXIT
