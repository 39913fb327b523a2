# Completion of smtp-send for bash. Commands and options are asked of the program itself, messages of the queue.
_smtp_send()
{
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} program=${COMP_WORDS[0]} command= word
    COMPREPLY=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
        -*) ;;
        *) command=$word; break ;;
        esac
    done
    if [[ -z $command ]]; then
        COMPREPLY=($(compgen -W "--socket --version --help help $("$program" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')" -- "$current"))
        return
    fi
    case $before in
    --state) COMPREPLY=($(compgen -W 'queued sending deferred held sent failed expired cancelled' -- "$current")); return ;;
    --tls) COMPREPLY=($(compgen -W 'none negotiate starttls tls opportunistic' -- "$current")); return ;;
    --*file|--socket|--cache) COMPREPLY=($(compgen -f -- "$current")); return ;;
    esac
    if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "$("$program" "$command" --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p')" -- "$current"))
        return
    fi
    case $command in
    show|retry|hold|release|cancel|bounce)
        COMPREPLY=($(compgen -W "$("$program" queue --json 2>/dev/null | sed -n 's/^ *"id": "\([0-9a-f-]*\)".*/\1/p')" -- "$current")) ;;
    help) COMPREPLY=($(compgen -W "$("$program" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')" -- "$current")) ;;
    esac
}
complete -F _smtp_send smtp-send
