# Completion of smtp-send for fish. "smtp-send complete" knows what may follow.
function __smtp_send_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l program smtp-send
    string match -q '*/smtp-send' -- $words[1]; and set program $words[1]
    for line in ($program complete $words 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (string replace -r '^--[a-z-]+=' '' -- (commandline -ct))
        else
            echo $line
        end
    end
end
complete -c smtp-send -f -a '(__smtp_send_complete)'
complete -c smtp-sendd -f -a '(__smtp_send_complete)'
