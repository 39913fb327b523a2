#compdef smtp-send smtp-sendd
# Completion of smtp-send for zsh, installed as _smtp-send. "smtp-send complete" knows what may follow.
local program=smtp-send line
local -a words_so_far found
[[ $words[1] != */smtp-send ]] || program=$words[1]
words_so_far=("${(@)words[1,CURRENT]}")
for line in "${(@f)$("$program" complete "${(@Q)words_so_far}" 2>/dev/null)}"; do
    case $line in
    '') ;;
    :files)
        compset -P '*='
        _files
        return ;;
    *) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
    esac
done
_describe -V 'smtp-send' found
