package event

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// noTime marks a time that was not given. No event has it: times before 1970 are refused.
const noTime = -1

var errTime = errors.New("want a time such as 2026-11-23T03:22:00.123Z")
var errTimeRange = errors.New("want a time from 1970 to 2262")

// ParseTime reads an RFC 3339 time with any offset: nanoseconds since 1970. Digits of the second after the ninth are dropped;
// times before 1970 or after 2262 are refused. It allocates nothing.
func ParseTime(s string) (int64, error) {
	if len(s) < len("2006-01-02T15:04:05Z") || s[4] != '-' || s[7] != '-' || s[10]|0x20 != 't' || s[13] != ':' || s[16] != ':' {
		return 0, errTime
	}
	year, ok1 := digits(s[0:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:10])
	hour, ok4 := digits(s[11:13])
	minute, ok5 := digits(s[14:16])
	second, ok6 := digits(s[17:19])
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6) || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour > 23 || minute > 59 || second > 59 {
		return 0, errTime
	}
	rest := s[19:]
	nanos, n := fraction(rest)
	if n < 0 {
		return 0, errTime
	}
	offset, ok := zone(rest[n:])
	if !ok {
		return 0, errTime
	}
	unix := (daysSince1970(year, month, day)*24+int64(hour))*3600 + int64(minute)*60 + int64(second) - offset
	if unix < 0 || unix > maxUnix {
		return 0, errTimeRange
	}
	return unix*int64(time.Second) + nanos, nil
}

// maxUnix is the last whole second that nanoseconds in 64 bits can count.
const maxUnix = math.MaxInt64/int64(time.Second) - 1

// digits is the number that a few decimal digits stand for.
func digits(s string) (n int, ok bool) {
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int(c)
	}
	return n, true
}

// fraction reads ".123" and returns it in nanoseconds with the length read: 0 if there is none, -1 if it is malformed.
func fraction(s string) (nanos int64, n int) {
	if s == "" || s[0] != '.' {
		return 0, 0
	}
	unit := int64(time.Second)
	for n = 1; n < len(s) && '0' <= s[n] && s[n] <= '9'; n++ {
		unit /= 10
		nanos += int64(s[n]-'0') * unit
	}
	if n == 1 {
		return 0, -1
	}
	return nanos, n
}

// zone reads "Z" or "+02:00" as seconds east of UTC.
func zone(s string) (seconds int64, ok bool) {
	if s == "Z" || s == "z" {
		return 0, true
	}
	if len(s) != len("+00:00") || s[0] != '+' && s[0] != '-' || s[3] != ':' {
		return 0, false
	}
	hours, ok1 := digits(s[1:3])
	minutes, ok2 := digits(s[4:6])
	if !ok1 || !ok2 || hours > 23 || minutes > 59 {
		return 0, false
	}
	seconds = int64(hours)*3600 + int64(minutes)*60
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysSince1970 counts in years that begin in March, so that the leap day comes last.
func daysSince1970(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	leaps := year/4 - year/100 + year/400
	return int64(365*year+leaps+(153*(month-3)+2)/5+day-1) - 719468
}

// parseTableTime reads a time as tables have it: RFC 3339, or seconds, milliseconds, microseconds or nanoseconds since 1970, told
// apart by size: up to 1e11 are seconds (until the year 5138), up to 1e14 milliseconds, up to 1e17 microseconds.
func parseTableTime(s string) (int64, error) {
	whole, frac, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return ParseTime(s)
	}
	unit := int64(time.Nanosecond)
	switch {
	case n < 1e11:
		unit = int64(time.Second)
	case n < 1e14:
		unit = int64(time.Millisecond)
	case n < 1e17:
		unit = int64(time.Microsecond)
	}
	var part int64
	if frac != "" {
		nanos, read := fraction("." + frac)
		if read != len(frac)+1 {
			return 0, errTime
		}
		part = nanos / (int64(time.Second) / unit)
	}
	if n < 0 || n > (math.MaxInt64-part)/unit {
		return 0, errTimeRange
	}
	return n*unit + part, nil
}
