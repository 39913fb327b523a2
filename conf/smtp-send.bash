# Completion of smtp-send for bash. Commands and options come from the program's own help, message ids from the queue.
_smtp_send()
{
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} program=${COMP_WORDS[0]} command='' words='' word
    COMPREPLY=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
        -*) ;;
        *) command=$word; break ;;
        esac
    done
    case $before in
    --state) words='queued sending deferred held sent failed expired cancelled' ;;
    --tls) words='none negotiate starttls tls opportunistic' ;;
    --*file|--socket|--cache) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    *)
        if [[ -z $command || $command == help ]]; then
            words=$("$program" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')
            [[ -n $command ]] || words="--socket --version --help help $words"
        elif [[ $current == -* ]]; then
            words=$("$program" "$command" --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p')
        else
            case $command in
            show|retry|hold|release|cancel|bounce) words=$("$program" queue --json 2>/dev/null | sed -n 's/^ *"id": "\([0-9a-f-]*\)".*/\1/p') ;;
            esac
        fi ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _smtp_send smtp-send
