# bash completion for mcpctl. It asks the program itself, so it does not grow old with it.
# Nothing here evaluates what comes back: it is only ever compared and offered.

_mcpctl() {
  # What follows a colon, an equals sign or an at is a word of its own to bash; it is put together again as it stands on the line.
  local line=$COMP_LINE word cur="" prefix shell_word
  local -i i cursor=0
  local -a words=()
  for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
    shell_word=${COMP_WORDS[i]}
    if ((i > 0)) && [[ $line != [[:blank:]]* ]]; then
      words[${#words[@]} - 1]+=$shell_word
    else
      words[${#words[@]}]=$shell_word
    fi
    line=${line#*"$shell_word"}
    if ((i == COMP_CWORD)); then
      cursor=$((${#words[@]} - 1))
      cur=${words[cursor]}
    fi
  done
  # Bash replaces only what follows the last of its word breaks, or begins with an at.
  prefix=${cur%"${cur##*["$COMP_WORDBREAKS"]}"}
  prefix=${prefix%@}

  local -a asked=("${words[@]:1}")
  asked=("${asked[@]/#/:}")
  local program=$1
  type -P -- "$program" >/dev/null || program=mcpctl
  COMPREPLY=()
  while IFS= read -r word; do
    case $word in
      "") ;;
      :file | :folder)
        compopt -o default 2>/dev/null
        [[ $word == :folder ]] && compopt -o dirnames +o default 2>/dev/null
        return
        ;;
      *)
        word=${word%%$'\t'*}
        COMPREPLY[${#COMPREPLY[@]}]=${word#"$prefix"}
        ;;
    esac
  done < <("$program" __complete $((cursor - 1)) "${asked[@]}" 2>/dev/null)
  if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *[:/=] ]]; then compopt -o nospace 2>/dev/null; fi
}

complete -o nosort -F _mcpctl mcpctl 2>/dev/null || complete -F _mcpctl mcpctl
