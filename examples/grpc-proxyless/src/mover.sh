# Restarts "moving" once both clients have called its first replica. The first argument is the command line.
state=$(dirname "$(dirname "$BANYAN_DATA")")
until [ -e "$state/data/default.moving/js-0" ] && [ -e "$state/data/default.moving/python-0" ]; do
  sleep 0.1
done
"$1" restart moving --state "$state"
exec sleep infinity
