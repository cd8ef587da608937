# fish completion for mcpctl. It asks the program itself, so it does not grow old with it.

# Rules add up in fish: those of an older version go first.
complete --command mcpctl --erase

function __mcpctl_complete
    set -l before (commandline --tokenize --current-process --cut-at-cursor)
    set -l all (commandline --tokenize --current-process)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l cursor (count $before)
    set -l next (math $cursor + 1)
    test -n "$(commandline --current-token)"; and set next (math $next + 1)
    set -l after
    test $next -le (count $all); and set after $all[$next..-1]

    set -l program $before[1]
    type --query --no-functions -- $program; or set program mcpctl
    set -l words
    test $cursor -gt 1; and set words :$before[2..-1]
    set words $words ":$current" :$after
    for line in ($program __complete (math $cursor - 1) $words 2>/dev/null)
        switch $line
            case :file :folder
                set -l flag (string match --regex -- '^--[^=]+=' $current)
                set -l path (string replace --regex -- '^--[^=]+=' '' "$current")
                set -l paths
                if test $line = :folder
                    set paths (__fish_complete_directories "$path" '')
                else
                    set paths (__fish_complete_path "$path" '')
                end
                for path in $paths
                    echo "$flag$path"
                end
            case '*'
                echo $line
        end
    end
end

complete --command mcpctl --no-files --arguments '(__mcpctl_complete)'
