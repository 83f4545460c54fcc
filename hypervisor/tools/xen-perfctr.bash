# SPDX-License-Identifier: GPL-2.0-only
# bash completion for xen-perfctr(8); domains' names come from the program itself.

_xen_perfctr_domains() {
  xen-perfctr list 2>/dev/null | awk 'NR > 1 { print $5 == "" ? $1 : $5 }'
}

_xen_perfctr() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD - 1]}"
  local command="${COMP_WORDS[1]}" words=""
  local rules="--tier --allow --counters --min-period --pmi-rate --kernel --hypervisor"

  if ((COMP_CWORD == 1)); then
    words="list status stats policy enable disable reset apply watch --help"
  elif [[ $prev == --tier ]]; then
    words="off ipc arch full"
  elif [[ $prev == --allow ]]; then
    words="all cycles instructions ref-cycles branches branch-misses cache-references cache-misses"
  elif [[ $prev == --directory ]]; then
    compopt -o dirnames
  elif [[ $prev == --counters || $prev == --min-period || $prev == --pmi-rate ]]; then
    return
  elif [[ $cur == -* ]]; then
    case $command in
    policy | enable) words="$rules --save --directory" ;;
    disable | reset) words="--save --directory" ;;
    apply | watch) words="--directory" ;;
    list | status | stats) words="--json" ;;
    esac
  elif [[ $command != list && $command != watch ]]; then
    words=$(_xen_perfctr_domains)
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _xen_perfctr xen-perfctr
