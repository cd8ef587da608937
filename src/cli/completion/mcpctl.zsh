#compdef mcpctl
# zsh completion for mcpctl. It asks the program itself, so it does not grow old with it.

_mcpctl() {
  local program=${(Q)words[1]} line word
  local -a asked described open
  (( $+commands[$program] )) || [[ -x $program ]] || program=mcpctl
  asked=("${(@Q)words[2,-1]}")
  asked[CURRENT-1]=${(Q)PREFIX}
  asked=("${(@)asked/#/:}")

  for line in "${(@f)$("$program" __complete $((CURRENT - 2)) "${(@)asked}" 2>/dev/null)}"; do
    word=${line%%$'\t'*}
    case $word in
      '') continue ;;
      :file | :folder)
        [[ $PREFIX == --*=* ]] && compset -P '*='
        if [[ $word == :folder ]]; then _files -/; else _files; fi
        return
        ;;
    esac
    # A colon ends the word in what _describe takes; after one, as after an equals sign, the word goes on.
    line=${word//:/\\:}${${line#$word}/#$'\t'/:}
    if [[ $word == *[:/=] ]]; then open+=("$line"); else described+=("$line"); fi
  done
  local -i found=1
  if (( $#described )); then _describe -t words mcpctl described && found=0; fi
  if (( $#open )); then _describe -t words mcpctl open -S '' && found=0; fi
  return found
}

# As a file of $fpath it is its own first call; read by `source` or `eval`, it registers itself.
if [[ $funcstack[1] == _mcpctl ]]; then _mcpctl "$@"; else compdef _mcpctl mcpctl; fi
