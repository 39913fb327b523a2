# Completion of smtp-send, sendmail, mailq and smtp-sendd for bash. "smtp-send complete" knows what may follow.
_smtp_send()
{
    local program=smtp-send current=${COMP_WORDS[COMP_CWORD]} line
    [[ ${COMP_WORDS[0]} != */smtp-send ]] || program=${COMP_WORDS[0]}
    [[ $current != = ]] || current=''
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
        fi
        COMPREPLY+=("${line%%$'\t'*}")
    done < <("$program" complete "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
}
complete -F _smtp_send smtp-send smtp-sendd
# Another mail server's sendmail has other options.
if [[ $(readlink -f "$(type -P sendmail)") == */smtp-send ]]; then
    complete -F _smtp_send sendmail mailq
fi
