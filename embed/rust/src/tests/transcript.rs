//! The notation of core/testdata, which core/coretest describes. A byte is a character.

use super::latin1;

const LETTERS: &str = "nrtab";
const CONTROLS: &str = "\n\r\t\x07\x08";

/// Lines that say what to do, with their numbers, and the lines of what must come of each.
pub(super) fn blocks(text: &str) -> Vec<(usize, &str, Vec<&str>)> {
    let mut blocks: Vec<(usize, &str, Vec<&str>)> = Vec::new();
    for (number, line) in text.split('\n').enumerate() {
        if acts(line) {
            blocks.push((number + 1, line, Vec::new()));
        } else if !line.is_empty() && line != "#" && !line.starts_with("# ") {
            let block = blocks.last_mut().expect("a command before its reply");
            block.2.push(line);
        }
    }
    blocks
}

fn acts(line: &str) -> bool {
    let rest = line.strip_prefix(|char: char| char.is_ascii_uppercase());
    line.starts_with("> ")
        || line.starts_with("@ +")
        || line.starts_with("! ")
        || line.starts_with("= ")
        || rest.is_some_and(|rest| rest.starts_with("> ") || rest == "<")
}

/// Cuts a line as redis-cli does.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    loop {
        while chars.next_if(|char| char.is_ascii_whitespace() || *char == '\x0b').is_some() {}
        if chars.peek().is_none() {
            return words;
        }
        let mut word = String::new();
        while let Some(char) = chars.next_if(|char| !" \t\n\r".contains(*char)) {
            if char == '"' || char == '\'' {
                quoted(&mut chars, char, &mut word);
                break;
            }
            word.push(char);
        }
        words.push(word);
    }
}

fn quoted(chars: &mut std::iter::Peekable<std::str::Chars>, quote: char, word: &mut String) {
    while let Some(char) = chars.next() {
        let after = chars.peek().copied();
        match (char, after) {
            (char, _) if char == quote => return,
            ('\\', Some('\'')) if quote == '\'' => word.extend(chars.next()),
            ('\\', Some('x')) if quote == '"' => {
                chars.next();
                let digits: String = chars.clone().take(2).collect();
                match u8::from_str_radix(&digits, 16) {
                    Ok(byte) if digits.len() == 2 => {
                        word.push(byte as char);
                        chars.nth(1);
                    }
                    _ => word.push('x'),
                }
            }
            ('\\', Some(letter)) if quote == '"' => {
                let known = LETTERS.find(letter).and_then(|at| CONTROLS.chars().nth(at));
                word.push(known.unwrap_or(letter));
                chars.next();
            }
            _ => word.push(char),
        }
    }
    panic!("a quote without an end");
}

fn repr(text: &str) -> String {
    let mut shown = String::from("\"");
    for char in text.chars() {
        match CONTROLS.find(char).and_then(|at| LETTERS.chars().nth(at)) {
            Some(letter) => shown.extend(['\\', letter]),
            None if "\\\"".contains(char) => shown.extend(['\\', char]),
            None if (' '..='~').contains(&char) => shown.push(char),
            None => shown += &format!("\\x{:02x}", char as u32),
        }
    }
    shown + "\""
}

pub(super) struct Reply {
    kind: char,
    text: Option<String>,
    items: Vec<Reply>,
}

impl Reply {
    /// The reply at a place, and where it ends; None while it is not whole.
    pub(super) fn parse(source: &[u8], at: usize) -> Option<(Reply, usize)> {
        let size = source.get(at..)?.windows(2).position(|pair| pair == b"\r\n")?;
        let (kind, line) = (source[at] as char, latin1(&source[at + 1..at + size]));
        let end = at + size + 2;
        if "+-:,(#_".contains(kind) {
            let text = Some(line).filter(|_| kind != '_');
            return Some((Reply { kind, text, items: Vec::new() }, end));
        }
        let Ok(count) = usize::try_from(line.parse::<i64>().expect("a number")) else {
            return Some((Reply { kind, text: None, items: Vec::new() }, end));
        };
        if "$=!".contains(kind) {
            let data = source.get(end..end + count + 2)?;
            let text = latin1(&data[if kind == '=' { 4 } else { 0 }..count]);
            return Some((Reply { kind, text: Some(text), items: Vec::new() }, end + count + 2));
        }
        let (mut items, mut end) = (Vec::new(), end);
        for _ in 0..if kind == '%' { 2 * count } else { count } {
            let (item, after) = Reply::parse(source, end)?;
            items.push(item);
            end = after;
        }
        Some((Reply { kind, text: Some(String::new()), items }, end))
    }

    /// The reply as redis-cli prints it to a terminal.
    pub(super) fn show(&self, indent: &str) -> String {
        let Some(text) = &self.text else { return "(nil)".into() };
        match self.kind {
            '-' | '!' => format!("(error) {text}"),
            '*' => self.show_items(')', "(empty array)", indent),
            '~' => self.show_items('~', "(empty set)", indent),
            '>' => self.show_items('>', "(empty push)", indent),
            '%' => self.show_items('#', "(empty hash)", indent),
            ':' => format!("(integer) {text}"),
            ',' => format!("(double) {text}"),
            '#' => if text == "t" { "(true)" } else { "(false)" }.into(),
            '$' => repr(text),
            _ => text.clone(),
        }
    }

    fn show_items(&self, mark: char, empty: &str, indent: &str) -> String {
        if self.items.is_empty() {
            return empty.into();
        }
        let step = if self.kind == '%' { 2 } else { 1 };
        let width = (self.items.len() / step).to_string().len();
        let deeper = format!("{indent}{}", " ".repeat(width + 2));
        let lines = self.items.chunks(step).enumerate().map(|(i, pair)| {
            let parts: Vec<String> = pair.iter().map(|item| item.show(&deeper)).collect();
            let gap = match pair.get(1) {
                Some(value) if !value.items.is_empty() => format!(" => \n{deeper}"),
                _ => " => ".into(),
            };
            let before = if i > 0 { indent } else { "" };
            format!("{before}{:>width$}{mark} {}", i + 1, parts.join(&gap))
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// How what came differs from what was wanted.
pub(super) fn difference(want: &[&str], got: &[String]) -> Option<String> {
    let same = if let Some((&"(any order)", want)) = want.split_first() {
        let want: Vec<String> = want.iter().map(|line| line.to_string()).collect();
        all_agree(&bare(&want), &bare(got))
    } else {
        let want: Vec<String> = want.iter().map(|line| line.to_string()).collect();
        all_agree(&want, got)
    };
    (!same).then(|| format!("got:\n\t{}\nwant:\n\t{}", got.join("\n\t"), want.join("\n\t")))
}

fn all_agree(want: &[String], have: &[String]) -> bool {
    want.len() == have.len() && want.iter().zip(have).all(|(want, have)| agrees(want, have))
}

/// A line that begins with `~ ` is a pattern, in which `*` stands for anything, and `{1..9}` for a
/// number between the two.
fn agrees(want: &str, have: &str) -> bool {
    want == have || want.strip_prefix("~ ").is_some_and(|pattern| matches(pattern, have))
}

fn matches(pattern: &str, have: &str) -> bool {
    let Some(at) = pattern.find(['*', '{']) else { return pattern == have };
    let (literal, rest) = pattern.split_at(at);
    let Some(have) = have.strip_prefix(literal) else { return false };
    if let Some(after) = rest.strip_prefix('*') {
        return have.char_indices().any(|(i, _)| matches(after, &have[i..])) || matches(after, "");
    }
    let span = rest.split_once('}').and_then(|(span, after)| {
        let (low, high) = span[1..].split_once("..")?;
        Some((low.parse::<i64>().ok()?..=high.parse().ok()?, after))
    });
    let Some((span, after)) = span else {
        return have.strip_prefix('{').is_some_and(|have| matches(&rest[1..], have));
    };
    let is_digit = |(i, c): (usize, char)| c.is_ascii_digit() || i == 0 && c == '-';
    let end = have.char_indices().take_while(|&next| is_digit(next)).count();
    have[..end].parse().is_ok_and(|number| span.contains(&number)) && matches(after, &have[end..])
}

/// A flat reply's elements without their numbers, sorted.
fn bare(lines: &[String]) -> Vec<String> {
    let bare = |line: &String| {
        let numbered =
            line.trim_start_matches(' ').trim_start_matches(|c: char| c.is_ascii_digit());
        let element = [") ", "~ ", "# "].iter().find_map(|mark| numbered.strip_prefix(mark));
        element.unwrap_or(line).trim_start_matches(' ').to_string()
    };
    let mut bare: Vec<String> = lines.iter().map(bare).collect();
    bare.sort();
    bare
}
