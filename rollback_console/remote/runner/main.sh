verb=$2
shift 2
case $verb in
hello | launch | follow | status | veto | stop | acknowledge | supervise | inner | reaper) "$verb" "$@" ;;
run)
    launch "$1" "$2" "$3" "$4" "$5" "$6" "$7"
    follow "$1" "$8" "$9" ''
    ;;
*) refuse verb "$verb" ;;
esac
