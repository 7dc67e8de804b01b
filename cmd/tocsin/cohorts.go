package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"tocsin/auth"
	"tocsin/broker"
	"tocsin/desk"
)

// cohortPoll is how often the store is looked at: a list, or its removal, is in force
// everywhere within twice that.
const cohortPoll = 2 * time.Second

// Metadata of a cohort's object.
const (
	cohortMembers = "members"
	cohortSHA256  = "sha256"
)

// cohorts keeps the lists of affected people in the broker's object store, for the
// desk, and puts them into force at this process's edge. It is safe for concurrent use.
type cohorts struct {
	objects   *broker.Objects
	ring      *auth.Keyring
	authority *auth.Authority // nil without the role edge
	cache     cohortCache
	log       *slog.Logger
	look      chan struct{} // asks run to look now

	mu    sync.Mutex
	known map[string]string // digest of each that there is; written by run alone

	// These are run's own.
	said    string             // the last error logged
	damaged map[string]damaged // lists that can't be read whole
}

// damaged is a list that can't be read whole. Whoever has a desk's key can make any number of
// those, and to look for its pieces asks much.
type damaged struct {
	digest string
	err    error
	again  time.Time
}

// damagedPause is how long it is not read again.
const damagedPause = time.Minute

// fromCache stands for the digest of a cohort that the cache gave: whatever the broker
// has is newer.
const fromCache = "cache"

// newCohorts puts into force what the cache holds, since the broker may not answer for
// long.
func newCohorts(b *broker.Broker, ring *auth.Keyring, authority *auth.Authority, cache cohortCache, log *slog.Logger) *cohorts {
	c := &cohorts{
		objects: b.Cohorts(), ring: ring, authority: authority, cache: cache, log: log,
		look: make(chan struct{}, 1), known: make(map[string]string),
		damaged: make(map[string]damaged),
	}
	if authority != nil {
		c.restore()
	}
	return c
}

// restore takes up what the cache holds. What is damaged is not used, but known: it goes
// from the disk with the next list that lacks it.
func (c *cohorts) restore() {
	names, err := c.cache.names()
	if err != nil {
		c.log.Warn("cached cohorts not read", "error", err)
	}
	for _, name := range names {
		c.set(name, fromCache)
		sealed, err := c.cache.load(name)
		var cohort *auth.Cohort
		if err == nil {
			cohort, err = c.ring.OpenCohort(name, sealed)
		}
		if err != nil {
			c.log.Warn("cached cohort not used", "cohort", name, "error", err)
			continue
		}
		c.authority.SetCohort(name, cohort)
		c.log.Info("cohort in force, from the cache", "cohort", name, "members", cohort.Len())
	}
}

// run keeps what is in force up to date until ctx ends. While the broker does not
// answer, what was in force stays so.
func (c *cohorts) run(ctx context.Context) error {
	tick := time.NewTicker(cohortPoll)
	defer tick.Stop()
	for {
		err := c.update(ctx)
		if text := fmt.Sprint(err); err != nil && text != c.said && ctx.Err() == nil {
			c.said = text
			c.log.Warn("cohorts not read; going on with those in force", "error", err)
		} else if err == nil {
			c.said = ""
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-c.look:
		}
	}
}

func (c *cohorts) update(ctx context.Context) error {
	list, err := c.objects.List(ctx)
	if err != nil {
		return err
	}
	there := make(map[string]bool, len(list))
	for _, o := range list {
		there[o.Name] = true
	}
	for _, name := range sortedKeys(c.known) { // only run writes it
		if !there[name] {
			c.remove(name)
		}
	}
	maps.DeleteFunc(c.damaged, func(name string, _ damaged) bool { return !there[name] })
	list, err = c.atMost(list)
	for _, o := range list {
		if c.digest(o.Name) != o.Digest {
			err = errors.Join(err, c.tryTake(ctx, o)) // one that can't be read keeps no other waiting
		}
	}
	return err
}

// atMost are the lists that are looked at: if there are more than desks make, those that are
// known first. Whoever has stolen a desk's key of NATS can make any number.
func (c *cohorts) atMost(list []broker.ObjectInfo) ([]broker.ObjectInfo, error) {
	if len(list) <= desk.MaxCohorts {
		return list, nil
	}
	unknown := func(o broker.ObjectInfo) int {
		if c.known[o.Name] != "" {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(list, func(a, b broker.ObjectInfo) int { return unknown(a) - unknown(b) })
	return list[:desk.MaxCohorts], fmt.Errorf("there are more than %d lists, which no desk makes; the first are looked at", desk.MaxCohorts)
}

// tryTake is take, once in a while for a list that can't be read whole.
func (c *cohorts) tryTake(ctx context.Context, o broker.ObjectInfo) error {
	if d := c.damaged[o.Name]; d.digest == o.Digest && time.Now().Before(d.again) {
		return d.err
	}
	err := c.take(ctx, o)
	if errors.Is(err, broker.ErrDamaged) {
		c.damaged[o.Name] = damaged{o.Digest, err, time.Now().Add(damagedPause)}
	} else {
		delete(c.damaged, o.Name)
	}
	return err
}

// take puts a new list into force. One that these keys did not seal is somebody
// else's: it is not used, nor is the one that it replaced.
func (c *cohorts) take(ctx context.Context, o broker.ObjectInfo) error {
	if c.authority != nil {
		sealed, err := c.objects.Get(ctx, o.Name)
		if err != nil {
			return err
		}
		cohort, err := c.ring.OpenCohort(o.Name, sealed)
		c.authority.SetCohort(o.Name, cohort)
		if err != nil {
			c.log.Error("cohort not used", "cohort", o.Name, "error", err)
			c.cached(o.Name, c.cache.drop(o.Name))
		} else {
			c.log.Info("cohort in force", "cohort", o.Name, "members", cohort.Len())
			c.cached(o.Name, c.cache.save(o.Name, sealed))
		}
	}
	c.set(o.Name, o.Digest)
	return nil
}

func (c *cohorts) remove(name string) {
	if c.authority != nil {
		c.authority.SetCohort(name, nil)
		c.cached(name, c.cache.drop(name))
	}
	c.set(name, "")
	c.log.Info("cohort removed", "cohort", name)
}

// cached says what became of a change on disk, which counts at a start without the
// broker alone.
func (c *cohorts) cached(name string, err error) {
	if err != nil {
		c.log.Error("cohort not cached as it is in force", "cohort", name, "error", err)
	}
}

func (c *cohorts) digest(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[name]
}

func (c *cohorts) set(name, digest string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if digest == "" {
		delete(c.known, name)
		return
	}
	c.known[name] = digest
}

// exists tells whether there is a cohort of that name, from memory.
func (c *cohorts) exists(name string) bool { return c.digest(name) != "" }

// List, Put and Delete implement desk.Cohorts.
func (c *cohorts) List(ctx context.Context) ([]desk.CohortInfo, error) {
	objects, err := c.objects.List(ctx)
	if err != nil {
		return nil, deskError(err)
	}
	list := make([]desk.CohortInfo, 0, len(objects))
	for _, o := range objects {
		members, _ := strconv.Atoi(o.Metadata[cohortMembers]) // 0: not written by a desk
		list = append(list, desk.CohortInfo{
			Name: o.Name, Members: members, Time: o.Time, SHA256: o.Metadata[cohortSHA256],
		})
	}
	return list, nil
}

func (c *cohorts) Put(ctx context.Context, info desk.CohortInfo, sealed []byte) error {
	sum := sha256.Sum256(sealed)
	err := c.objects.Put(ctx, info.Name, sealed, map[string]string{
		cohortMembers: strconv.Itoa(info.Members), cohortSHA256: hex.EncodeToString(sum[:]),
	})
	c.lookNow()
	return deskError(err)
}

func (c *cohorts) Delete(ctx context.Context, name string) error {
	err := c.objects.Delete(ctx, name)
	c.lookNow()
	return deskError(err)
}

func (c *cohorts) lookNow() {
	select {
	case c.look <- struct{}{}:
	default:
	}
}
