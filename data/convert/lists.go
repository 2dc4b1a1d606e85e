package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"

	"digits/internal/files"
	"digits/internal/pickle"
)

// readJSON reads [[images, labels], [images, labels], ...]. So a list in two others
// is an array: of numbers or, if there are lists in it, of images.
func (r *reader) readJSON(b *bufio.Reader, s source) error {
	var a *array
	depth, row := 0, 0 // how many lists are open, and where the last image in a begins
	for {
		c, err := b.ReadByte()
		switch {
		case err == io.EOF && depth == 0:
			return nil
		case err != nil:
			return err
		case c == ' ', c == '\n', c == '\r', c == '\t', c == ',':
		case c == '[' && depth < maxDepth && (depth > 0 || a == nil):
			switch depth++; depth {
			case 1, 3:
				a = &array{shape: []int{0}}
			case 4:
				row = a.len()
				a.shape[0]++
			}
		case c == ']' && depth > 0:
			if depth == 4 && len(a.shape) == 1 {
				a.shape = append(a.shape, a.len()-row)
			}
			if depth == 4 && a.len()-row != a.shape[1] {
				return fmt.Errorf("image %d has %d pixels, but the first one %d", a.shape[0]-1, a.len()-row, a.shape[1])
			}
			if depth == 3 {
				if err := r.add(a, s.in(strconv.Itoa(len(r.arrays)))); err != nil {
					return err
				}
			}
			depth--
		case depth >= 3:
			v, err := readNumber(b, c)
			if err == nil {
				err = r.take(1)
			}
			if err != nil {
				return err
			}
			a.append(v)
			if depth == 3 {
				a.shape[0]++
			}
		default:
			return errJSON
		}
	}
}

var errJSON = errors.New("want [[images, labels], [images, labels], ...] in JSON, lists of numbers in lists")

// readNumber reads a number in JSON that begins with c.
func readNumber(b *bufio.Reader, c byte) (float32, error) {
	var text []byte
	for c == '-' || c == '+' || c == '.' || c >= '0' && c <= '9' || c == 'e' || c == 'E' {
		if text = append(text, c); len(text) > 100 {
			return 0, errJSON
		}
		var err error
		if c, err = b.ReadByte(); err != nil {
			return 0, err
		}
	}
	b.UnreadByte()
	v, err := strconv.ParseFloat(string(text), 32)
	if err != nil {
		return 0, errJSON
	}
	return float32(v), nil
}

// readPickle reads a pickle of arrays, in lists, tuples and dicts.
func (r *reader) readPickle(b *bufio.Reader, s source) error {
	v, err := pickle.Read(b, pickle.DefaultLimits)
	var unsupported *pickle.UnsupportedError
	if errors.As(err, &unsupported) {
		if mend := files.MendPickle(unsupported.Module, unsupported.TextForm, s.file); mend != "" {
			return fmt.Errorf("%w; %s", err, s.mend(mend))
		}
	}
	if err != nil {
		return err
	}
	return r.addPickled(v, s)
}

// addPickled keeps the arrays in v, an object of a pickle, each under the names and
// numbers that lead to it.
func (r *reader) addPickled(v any, s source) error {
	if len(s.names) > maxDepth {
		return fmt.Errorf("more than %d lists in one another", maxDepth)
	}
	if err := r.take(8); err != nil { // in a small pickle very many ways may lead to one object
		return err
	}
	switch v := v.(type) {
	case *pickle.Array:
		a := &array{shape: v.Shape}
		if err := r.appendTo(a, v); err != nil {
			return err
		}
		return r.add(a, s)
	case *pickle.Dict:
		for i, key := range v.Keys {
			if name, ok := key.(pickle.String); ok && name.Len() <= 100 {
				if err := r.addPickled(v.Values[i], s.in(name.String())); err != nil {
					return err
				}
			}
		}
	}
	items, _ := pickle.Items(v)
	if len(items) > 0 && isRow(items[0]) {
		return r.addRows(items, s)
	}
	for i, item := range items {
		if err := r.addPickled(item, s.in(strconv.Itoa(i))); err != nil {
			return err
		}
	}
	return nil
}

// isRow reports whether v, in a list, is a label or an image: an integer or an array
// of one dimension.
func isRow(v any) bool {
	a, isArray := v.(*pickle.Array)
	_, isInt := v.(int64)
	return isInt || isArray && len(a.Shape) == 1
}

// addRows keeps a list of labels or of images as one array.
func (r *reader) addRows(items []any, s source) error {
	all := &array{shape: []int{len(items)}}
	for i, item := range items {
		before := all.len()
		var err error
		switch v := item.(type) {
		case int64:
			all.append(float32(v))
			err = r.take(1)
		case *pickle.Array:
			err = r.appendTo(all, v)
		}
		if n := all.len() - before; err == nil && n*(i+1) != all.len() {
			err = fmt.Errorf("item %d of a list is %s, and the first %s", i, pickle.Describe(item), pickle.Describe(items[0]))
		}
		if err != nil {
			return err
		}
	}
	if _, ok := items[0].(*pickle.Array); ok {
		all.shape = append(all.shape, all.len()/len(items))
	}
	return r.add(all, s)
}
