bool wants[2];
byte turn;

active [2] proctype P() {
idle:	wants[_pid] = true;
asks:	turn = 1 - _pid;
waits:	(!wants[1 - _pid] || turn == _pid);
inside:	wants[_pid] = false;
	goto idle
}

ltl exclusion { [] !(P[0]@inside && P[1]@inside) }
ltl served    { [] (wants[0] -> <> P[0]@inside) }
ltl again     { [] <> P[0]@inside }
