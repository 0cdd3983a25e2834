//! Which module uses which.

use std::collections::HashMap;

use super::source::Source;

/// The modules of a crate, and the order of their `mod` lines.
pub(crate) struct Modules {
    /// The children of each module, in order.
    children: HashMap<Vec<String>, Vec<String>>,
}

impl Modules {
    pub(crate) fn of(sources: &[Source]) -> Self {
        let mut children: HashMap<Vec<String>, Vec<String>> = HashMap::new();
        for source in sources {
            // `lib.rs` and `main.rs` are both the root of their crate.
            let names = source.production().lines().filter_map(declared);
            children.entry(module(source)).or_default().extend(names);
        }
        Self { children }
    }

    /// Says whether `user` may use what is at `path`: modules that stand above it, in every list
    /// both are part of.
    pub(crate) fn allows(&self, user: &[String], path: &[String]) -> bool {
        let common = user
            .iter()
            .zip(path)
            .take_while(|(own, other)| own == other);
        let parent = &user[..common.count()];
        let Some(children) = self.children.get(parent) else {
            return true;
        };
        let place = |names: &[String]| {
            let name = names.get(parent.len())?;
            children.iter().position(|child| child == name)
        };
        match (place(user), place(path)) {
            (Some(own), Some(other)) => other < own,
            _ => true,
        }
    }
}

/// Returns the path of a file's module inside its crate.
pub(crate) fn module(source: &Source) -> Vec<String> {
    let path = source.path.with_extension("");
    let parts = path.iter().skip(2).map(|part| part.to_str().unwrap());
    parts
        .filter(|part| !["lib", "main"].contains(part))
        .map(str::to_owned)
        .collect()
}

/// Returns the name of the module that a line declares.
fn declared(line: &str) -> Option<String> {
    let line = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.trim_start(),
        None => line,
    };
    let name = line.strip_prefix("mod ")?.split([';', ' ']).next()?;
    Some(name.to_owned())
}

/// Returns every path of `code` that begins with `crate` or `super`, seen from `module`.
pub(crate) fn paths(code: &str, module: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (index, _) in code.match_indices(start) {
            let before = code[..index].chars().next_back();
            if !before
                .is_some_and(|letter| letter == ':' || letter == '_' || letter.is_alphanumeric())
            {
                expand(&code[index..], &[], &mut found);
            }
        }
    }
    found
        .into_iter()
        .map(|path| resolve(&path, module))
        .collect()
}

/// Reads one path, with lists in braces, and returns what follows it.
fn expand<'a>(text: &'a str, prefix: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = expand(rest, prefix, found).trim_start();
            match rest.strip_prefix(',') {
                Some(after) if after.trim_start().starts_with('}') => {
                    return &after.trim_start()[1..];
                }
                Some(after) => rest = after,
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let is_name = |letter: char| letter == '_' || letter.is_alphanumeric();
    let end = text.find(|letter| !is_name(letter)).unwrap_or(text.len());
    let path = [prefix, &[text[..end].to_owned()]].concat();
    match text[end..].strip_prefix("::") {
        Some(rest) if rest.starts_with(is_name) || rest.starts_with('{') => {
            expand(rest, &path, found)
        }
        _ => {
            found.push(path);
            &text[end..]
        }
    }
}

fn resolve(path: &[String], module: &[String]) -> Vec<String> {
    let mut resolved = module.to_vec();
    let mut rest = path.iter();
    for part in rest.by_ref() {
        match part.as_str() {
            "crate" => resolved.clear(),
            "super" => drop(resolved.pop()),
            "self" => {}
            name => {
                resolved.push(name.to_owned());
                break;
            }
        }
    }
    resolved.extend(rest.cloned());
    resolved
}

mod tests {
    use super::*;

    fn names(path: &str) -> Vec<String> {
        path.split("::").map(str::to_owned).collect()
    }

    #[test]
    fn paths_with_lists_are_found() {
        let code = "use super::{a::B, c::{D, e::F},};\nfn f() { crate::x::y(); }";
        let mut found = paths(code, &names("m::n"));
        found.sort();
        assert_eq!(
            found,
            ["m::a::B", "m::c::D", "m::c::e::F", "x::y"].map(names)
        );
    }

    #[test]
    fn only_modules_above_may_be_used() {
        let children = [(vec![], names("low::high")), (names("high"), names("a::b"))];
        let modules = Modules {
            children: children.into(),
        };
        let allows = |user, path| modules.allows(&names(user), &names(path));
        assert!(allows("high", "low::X"));
        assert!(!allows("low", "high::X"));
        assert!(allows("high::b", "high::a::X"));
        assert!(!allows("high::a", "high::b::X"));
        assert!(allows("high::a", "low::X"));
        assert!(allows("high", "high::a::X"));
    }
}
