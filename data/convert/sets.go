package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
)

// A set is the training, the validation or the test digits.
type set struct {
	images []byte // n×pixels, as little-endian float32s
	labels []byte // n, from 0 to 9
	pixels int
}

func (s *set) n() int { return len(s.labels) }

// The roles of arrays: which set they are for, as far as names or places tell.
const (
	training = iota
	validation
	test
	unknown
)

var (
	setNames = [...]string{"training", "validation", "test"}
	setWords = [...]*regexp.Regexp{
		training:   regexp.MustCompile(`(?i)train`),
		validation: regexp.MustCompile(`(?i)valid|(^|[^a-z])val([^a-z]|$)`),
		test:       regexp.MustCompile(`(?i)test|t10k`),
	}
	numberWord = regexp.MustCompile(`^(arr_)?[0-9]+(\.npy)?$`) // numpy.savez writes arr_0 and so on
)

// makeSets makes the training, validation and test set of the arrays that have been read.
func makeSets(arrays []*array) (sets [3]*set, err error) {
	if len(arrays) == 0 {
		return sets, errors.New("no images and labels in it")
	}
	var of [4][]*array
	for rest := arrays; len(rest) > 0; { // those of one file at a time
		n := 1
		for n < len(rest) && rest[n].file == rest[0].file {
			n++
		}
		for i, role := range findRoles(rest[:n]) {
			of[role] = append(of[role], rest[i])
		}
		rest = rest[n:]
	}
	for _, role := range []int{unknown, test, validation} { // one set alone is split up
		if len(of[training]) == 0 {
			of[training], of[role] = of[role], nil
		}
	}
	for role := range sets {
		if len(of[role]) > 0 {
			if sets[role], err = makeSet(of[role]); err != nil {
				return sets, err
			}
		}
	}
	for _, a := range arrays {
		if !slices.ContainsFunc(arrays, func(b *array) bool { return b.file == a.file && b.used }) {
			return sets, fmt.Errorf("%v is left over; are train and test in the names of the files?", a)
		}
	}
	if sets[test] == nil {
		sets[training], sets[test] = sets[training].split(7) // MNIST has 10,000 of 70,000 for the test
	}
	if sets[validation] == nil {
		sets[training], sets[validation] = sets[training].split(6) // the book takes 10,000 of 60,000
	}
	return sets, scale(sets)
}

// findRoles returns the roles of the arrays of one file: by their names; or, if these
// are numbers, by their places, of 4 or 6 arrays, which are two or three pairs; or by
// the file's name.
func findRoles(arrays []*array) []int {
	roles := make([]int, len(arrays))
	named, numbered := false, true
	for i, a := range arrays {
		roles[i] = roleIn(a.names)
		named = named || roles[i] != unknown
		numbered = numbered && len(a.names) > 0 && numberWord.MatchString(a.names[len(a.names)-1])
	}
	folder, base := filepath.Split(arrays[0].file)
	for i := range roles {
		switch {
		case named:
		case numbered && len(arrays) == 4:
			roles[i] = []int{training, test}[i/2]
		case numbered && len(arrays) == 6:
			roles[i] = i / 2
		default:
			roles[i] = roleIn([]string{filepath.Base(folder), base})
		}
	}
	return roles
}

// roleIn returns the role in the last of the names that have one in them.
func roleIn(names []string) int {
	for i := len(names) - 1; i >= 0; i-- {
		for _, role := range []int{training, test, validation} {
			if setWords[role].MatchString(names[i]) {
				return role
			}
		}
	}
	return unknown
}

// makeSet makes a set of its arrays. The images are the array with the most numbers,
// the labels one with as many numbers as there are images.
func makeSet(arrays []*array) (*set, error) {
	largest := slices.MaxFunc(arrays, func(a, b *array) int { return a.len() - b.len() })
	images, err := pick(arrays, largest.len(), nil)
	if err != nil {
		return nil, err
	}
	if len(images.shape) < 2 {
		return nil, fmt.Errorf("%v is of one dimension, and no images are with it", images)
	}
	n, last := images.shape[0], images.shape[len(images.shape)-1]
	labels, err := pick(arrays, n, images)
	byColumn := labels == nil && err == nil // one image in each column, as in mnist-original.mat?
	if byColumn {
		n = last
		labels, err = pick(arrays, n, images)
	}
	if err != nil {
		return nil, err
	}
	if labels == nil {
		return nil, fmt.Errorf("%v has no labels with it, an array of %d numbers", images, images.shape[0])
	}
	images.used, labels.used = true, true
	s := &set{images: images.data, labels: make([]byte, n), pixels: images.len() / n}
	for i := range s.labels {
		v := labels.at(i)
		if !(v >= 0 && v <= 9) || v != float32(byte(v)) {
			return nil, fmt.Errorf("%v, number %d: %v is not a digit from 0 to 9", labels, i, v)
		}
		s.labels[i] = byte(v)
	}
	if byColumn {
		s.images = make([]byte, 0, len(images.data))
		for i := range n {
			for j := range s.pixels {
				s.images = append(s.images, images.data[4*(j*n+i):][:4]...)
			}
		}
	}
	return s, nil
}

// pick returns the array of n numbers, other than the given one, or nil if there is
// none. If there are several, they have to be the same.
func pick(arrays []*array, n int, other *array) (picked *array, err error) {
	for _, a := range arrays {
		switch {
		case a == other, a.len() != n:
		case picked == nil:
			picked = a
		case !bytes.Equal(a.data, picked.data):
			return nil, fmt.Errorf("%v and %v: which of them is to be taken?", picked, a)
		}
	}
	return picked, nil
}

// split returns all but 1/k of the digits of s, and that part: the last ones, or every
// k-th if the digits are sorted. There may be none in it.
func (s *set) split(k int) (rest, part *set) {
	n, width := s.n()-s.n()/k, 4*s.pixels
	if slices.IsSorted(s.labels) && s.labels[0] < s.labels[s.n()-1] {
		sorted := *s
		s.images, s.labels = make([]byte, 0, len(sorted.images)), make([]byte, 0, len(sorted.labels))
		for _, isPart := range []bool{false, true} {
			for i, label := range sorted.labels {
				if (i%k == k-1) == isPart {
					s.images = append(s.images, sorted.images[i*width:(i+1)*width]...)
					s.labels = append(s.labels, label)
				}
			}
		}
	}
	return &set{s.images[:n*width], s.labels[:n], s.pixels}, &set{s.images[n*width:], s.labels[n:], s.pixels}
}

// rounding is how far from its range a pixel may be that was computed to be there.
const rounding = 1e-6

// scale checks the sets and brings their pixels to 0 to 1.
func scale(sets [3]*set) error {
	highest := float32(0)
	for role, s := range sets {
		if s.pixels != sets[0].pixels {
			return fmt.Errorf("%s images have %d pixels, but training images %d", setNames[role], s.pixels, sets[0].pixels)
		}
		if s.n() == 0 && role != validation {
			return fmt.Errorf("too few digits: there are none for the %s set", setNames[role])
		}
		a := array{data: s.images}
		for i := range a.len() {
			v := a.at(i)
			if !(v >= -rounding && v <= 255+rounding) {
				return fmt.Errorf("%s images, row %d, pixel %d: %v is not from 0 to 1, nor from 0 to 255",
					setNames[role], i/s.pixels, i%s.pixels, v)
			}
			highest = max(highest, v)
		}
	}
	divisor := float32(1)
	if highest > 1+rounding {
		divisor = 255
	}
	for _, s := range sets {
		a := array{data: s.images}
		for i := range a.len() {
			binary.LittleEndian.PutUint32(s.images[4*i:], math.Float32bits(min(max(a.at(i)/divisor, 0), 1)))
		}
	}
	return nil
}
