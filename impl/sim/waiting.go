package sim

import "github.com/reconverge/reconverge/impl/apiserver"

// A Waiting is something that is pending, for who chooses by more than its name.
type Waiting struct {
	Release Step               // the step that lets it pass
	Request *apiserver.Request // nil: an event
	Event   *apiserver.Event   // nil: a request, or an answer
	Answer  bool               // of Request, which has taken effect
	Late    bool               // nobody will hear of it
	Body    []byte             // what Request sends; nil: nothing, or not known
	Type    string             // of Body
}

// Waiting returns what Pending names, in the same order.
func (c *Cluster) Waiting() []Waiting {
	c.settled()
	pending := c.pending()
	out := make([]Waiting, len(pending))
	for i, p := range pending {
		out[i] = Waiting{Release: Step{Release, p.label()}, Request: p.request, Event: p.event, Answer: p.answer, Late: p.call.late()}
		if p.call != nil {
			out[i].Body, out[i].Type = p.call.Body, p.call.ContentType
		}
	}
	return out
}
