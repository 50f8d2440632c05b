package linearizability

// A register is one name in the API: an object, or none.
type register struct {
	object Object // of which UID and Revision are empty as long as nobody has seen them
	exists bool
	newest int64  // the newest revision that is known of this name
	last   string // the last UID that is known of this name
}

// step says whether an operation may have this outcome now, and what it leaves.
func (r register) step(o Operation) (register, bool) {
	switch o.Verb {
	case Get:
		return r.get(o)
	case Create:
		return r.create(o)
	case Update, Patch:
		return r.replace(o)
	case Delete:
		return r.remove(o)
	}
	return r, false
}

func (r register) get(o Operation) (register, bool) {
	switch o.Outcome {
	case OK:
		return r.show(o.Result)
	case NotFound:
		return r, !r.exists
	}
	return r, false
}

// show is a read of the object. What was not known of it is known then.
func (r register) show(seen Object) (register, bool) {
	was := r.object
	switch {
	case !r.exists || was.Value != seen.Value:
		return r, false
	case was.UID != "" && was.UID != seen.UID:
		return r, false
	case was.UID == "" && r.last == seen.UID:
		return r, false
	case was.Revision != 0 && was.Revision != seen.Revision:
		return r, false
	case was.Revision == 0 && seen.Revision <= r.newest:
		return r, false
	}
	return register{object: seen, exists: true, newest: seen.Revision, last: seen.UID}, true
}

// hold is a write after which the object has a value and nothing else is known.
func (r register) hold(uid, value string) register {
	r.object, r.exists = Object{UID: uid, Value: value}, true
	return r
}

func (r register) gone() register {
	r.object, r.exists = Object{}, false
	return r
}

func (r register) create(o Operation) (register, bool) {
	switch o.Outcome {
	case OK:
		if r.exists {
			return r, false
		}
		return r.hold("", o.Value).show(o.Result)
	case Exists:
		return r, r.exists
	case Unknown:
		if r.exists {
			return r, true
		}
		return r.hold("", o.Value), true
	}
	return r, false
}

// refusal is what an update or a deletion must be answered, or OK.
//
// As long as nobody has seen the revision of the object, a precondition can only
// name it if it is newer than all that is known: whoever asks for a revision has
// read it, and a read makes it known.
func (r register) refusal(o Operation) Outcome {
	switch {
	case !r.exists:
		return NotFound
	case o.IfUID != "" && r.object.UID != "" && o.IfUID != r.object.UID,
		o.IfUID != "" && r.object.UID == "" && o.IfUID == r.last:
		return Conflict
	case o.IfRev != 0 && r.object.Revision != 0 && o.IfRev != r.object.Revision,
		o.IfRev != 0 && r.object.Revision == 0 && o.IfRev <= r.newest:
		return Conflict
	}
	return OK
}

// applies reports whether a write takes effect, and if not, whether what its client
// was told can be: nothing, or the reason.
func (r register) applies(o Operation) (applied, possible bool) {
	refusal := r.refusal(o)
	possible = o.Outcome == Unknown || o.Outcome == refusal
	return possible && refusal == OK, possible
}

func (r register) replace(o Operation) (register, bool) {
	if applied, possible := r.applies(o); !applied {
		return r, possible
	}
	next := r
	if o.Value != r.object.Value { // a write that changes nothing takes no revision
		next = r.hold(r.object.UID, o.Value)
	}
	if o.Outcome == Unknown {
		return next, true
	}
	return next.show(o.Result)
}

func (r register) remove(o Operation) (register, bool) {
	if applied, possible := r.applies(o); !applied {
		return r, possible
	}
	return r.gone(), true
}
