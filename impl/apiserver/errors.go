package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/reconverge/reconverge/impl/apiserver/store"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const optimisticLock = "the object has been modified; please apply your changes to the latest version and try again"

// errDryRun refuses what would otherwise be done in earnest.
var errDryRun = statusError(http.StatusBadRequest, metav1.StatusReasonBadRequest, "dryRun is not supported by this server")

func statusError(code int32, reason metav1.StatusReason, message string) *apierrors.StatusError {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message,
	}}
}

func unsupportedMediaType(got string, want ...string) error {
	return statusError(http.StatusUnsupportedMediaType, metav1.StatusReasonUnsupportedMediaType, fmt.Sprintf(
		"the body of the request was in an unknown format - accepted media types include: %s (got %q)", strings.Join(want, ", "), got))
}

// tooLarge is the answer to a request for a revision that is not reached yet
// (apiserver/pkg/storage/errors.go:NewTooLargeResourceVersionError).
func tooLarge(want, current int64) error {
	err := apierrors.NewTimeoutError(fmt.Sprintf("Too large resource version: %d, current: %d", want, current), 1)
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{
		Type: metav1.CauseTypeResourceVersionTooLarge, Message: "Too large resource version",
	}}
	return err
}

// wrongUID is apiserver/pkg/storage/interfaces.go:Preconditions.Check.
func wrongUID(want, have types.UID) error {
	//lint:ignore ST1005 it is what a client reads upstream
	return fmt.Errorf("Precondition failed: UID in precondition: %v, UID in object meta: %v", want, have)
}

func tooOld(want int64) error {
	return apierrors.NewResourceExpired(fmt.Sprintf("too old resource version: %d", want))
}

// statusOf is the Status that a client gets for err.
func statusOf(err error) *metav1.Status {
	var api apierrors.APIStatus
	var status metav1.Status
	switch {
	case errors.As(err, &api):
		status = api.Status()
	case errors.Is(err, context.DeadlineExceeded):
		status = apierrors.NewTimeoutError(err.Error(), 0).ErrStatus
	case errors.Is(err, store.ErrCompacted):
		status = apierrors.NewResourceExpired("The provided continue parameter or resource version is too old").ErrStatus
	default:
		status = apierrors.NewInternalError(err).ErrStatus
	}
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	return &status
}
