# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for perfctr(1); event names come from the program itself.

_perfctr_events() {
  # The last event of a list "a,b,c".
  local list="$1" last="${1##*,}" before=""
  [[ $list == *,* ]] && before="${list%,*},"
  local names
  names=$(perfctr list 2>/dev/null | awk '{ print $1 }')
  mapfile -t COMPREPLY < <(compgen -P "$before" -W "$names" -- "$last")
  # Names hold colons, which readline takes for the end of a word.
  if declare -F __ltrim_colon_completions >/dev/null; then
    __ltrim_colon_completions "$list"
  fi
  compopt -o nospace
}

_perfctr() {
  local cur prev words cword
  if declare -F _init_completion >/dev/null; then
    _init_completion -n : || return
  else
    cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD - 1]}"
    words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
  fi

  if ((cword == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "stat record report list info check help --help --version" -- "$cur")
    return
  fi
  case "${words[1]}" in
    stat)
      case "$prev" in
        -e | --event) _perfctr_events "$cur"; return ;;
        -o | --output) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        -p | --pid | -t | --tid) mapfile -t COMPREPLY < <(compgen -W "$(ps -eo pid=)" -- "$cur"); return ;;
        -r | --repeat | -I | --interval-print | -x | --field-separator | --log-fd) return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "-e --event -g --group -i --no-inherit -p --pid -t --tid --per-thread
          -r --repeat -n --null -I --interval-print -x --field-separator -j --json-output -o --output
          --append --log-fd -B --big-num --no-big-num -v --verbose -h --help" -- "$cur")
      else
        mapfile -t COMPREPLY < <(compgen -c -- "$cur")
      fi
      ;;
    record)
      case "$prev" in
        -e | --event) _perfctr_events "$cur"; return ;;
        -o | --output) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        -p | --pid | -t | --tid) mapfile -t COMPREPLY < <(compgen -W "$(ps -eo pid=)" -- "$cur"); return ;;
        --call-graph) mapfile -t COMPREPLY < <(compgen -W "fp" -- "$cur"); return ;;
        --side-band) mapfile -t COMPREPLY < <(compgen -W "auto kernel trace" -- "$cur"); return ;;
        -c | --count | -F | --freq | -m | --mmap-pages) return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "-e --event -c --count -F --freq -g --call-graph -o --output
          -i --no-inherit -p --pid -t --tid -m --mmap-pages --side-band -q --quiet -v --verbose
          -h --help" -- "$cur")
      else
        mapfile -t COMPREPLY < <(compgen -c -- "$cur")
      fi
      ;;
    report)
      case "$prev" in
        -i | --input | -o | --output | --svg | --pprof | --kallsyms | --xen-syms)
          mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --symfs) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        -s | --sort) mapfile -t COMPREPLY < <(compgen -W "comm dso symbol comm,dso,symbol dso,symbol" -- "$cur"); return ;;
        -e | --event | --percent-limit) return ;;
      esac
      mapfile -t COMPREPLY < <(compgen -W "-i --input -e --event -s --sort -g --call-graph --children --no-children
        --samples --percent-limit -o --output -j --json --folded --svg --pprof --symfs --kallsyms --xen-syms
        --no-demangle --stdio -n --show-nr-samples -h --help" -- "$cur")
      ;;
    list) mapfile -t COMPREPLY < <(compgen -W "hw -l --long-desc -j --json -h --help" -- "$cur") ;;
    info | check) mapfile -t COMPREPLY < <(compgen -W "-h --help" -- "$cur") ;;
    help) mapfile -t COMPREPLY < <(compgen -W "stat record report list info check help" -- "$cur") ;;
  esac
}

complete -F _perfctr perfctr
