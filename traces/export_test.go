package traces

// For tests outside.
var (
	Stored    = stored
	FieldName = itfName
)
