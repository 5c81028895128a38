use super::*;

fn group(path: &str) -> Group {
    Group {
        path: path.into(),
        exists: true,
        ours: true,
        controllers: ["cpu", "memory", "pids"].map(str::to_owned).into(),
        others: 0,
        inhabited: false,
        writable: true,
    }
}

fn why(detected: Detected) -> String {
    match decide(&detected) {
        Bound::Polled { why } => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn groups_of_version_2_are_made_in_the_first_that_is_fit() {
    let unified = |parent: &str, leave| Bound::Unified { parent: parent.into(), leave };
    let own = Group { inhabited: true, ..group("/own") };
    assert_eq!(decide(&Detected::Unified(vec![own.clone()])), unified("/own", true));
    let stranger = Group { ours: false, ..own };
    let around = group("/around");
    assert_eq!(decide(&Detected::Unified(vec![stranger, around])), unified("/around", false));
}

#[test]
fn no_group_is_used_that_is_not_ours_or_cannot_hold_others() {
    let unified = |change: fn(&mut Group)| {
        let mut own = group("/own");
        change(&mut own);
        why(Detected::Unified(vec![own]))
    };
    assert_eq!(unified(|own| own.ours = false), "/own was not given to this server");
    assert_eq!(unified(|own| own.exists = false), "/own is no control group");
    assert_eq!(unified(|own| own.others = 2), "/own has 2 other processes");
    assert_eq!(unified(|own| own.writable = false), "/own cannot be written");
    let without = |own: &mut Group| own.controllers.retain(|it| it != "memory");
    assert_eq!(unified(without), "/own has no controller memory");
    assert_eq!(why(Detected::Unified(Vec::new())), "version 2 is not mounted here");
}

#[test]
fn of_version_1_memory_is_needed_and_processes_are_bounded_where_they_can_be() {
    let legacy = |memory: Group, pids: Option<Group>| Detected::Legacy { memory, pids };
    let parents = |detected| match decide(&detected) {
        Bound::Legacy { parents } => parents.len(),
        other => panic!("{other:?}"),
    };
    // Others may live where these groups are made.
    let memory = Group { others: 3, ..group("/memory") };
    assert_eq!(parents(legacy(memory.clone(), Some(group("/pids")))), 2);
    let closed = Group { writable: false, ..group("/pids") };
    assert_eq!(parents(legacy(memory.clone(), Some(closed))), 1);
    assert_eq!(parents(legacy(memory.clone(), None)), 1);
    let none = Group { controllers: Vec::new(), ..memory };
    assert_eq!(why(legacy(none, None)), "/memory has no controller memory");
}

/// A directory in the group of a group: the kernel would make files in it.
#[test]
fn a_worker_that_the_kernel_would_not_bound_has_no_group() {
    for (version, memory) in [(2, "memory.max"), (1, "memory.limit_in_bytes")] {
        let dir = tempfile::tempdir().unwrap();
        let parent = dir.path().to_owned();
        let bound = match version {
            2 => Bound::Unified { parent: parent.clone(), leave: false },
            _ => Bound::Legacy { parents: vec![parent.clone()] },
        };
        let cgroups = Cgroups::of(bound);
        // What bounds it is not there: it is not started.
        let refused = cgroups.make(100, 10).unwrap_err().to_string();
        assert_eq!(refused, format!("no file {memory}"));
        cgroups.remove_left();
        assert_eq!(fs::read_dir(&parent).unwrap().count(), 0);
    }
    let none = Cgroups::of(Bound::Polled { why: String::new() });
    assert!(none.make(100, 10).unwrap().is_none());
}

#[test]
fn the_kernels_word_is_taken_for_memory_that_ran_out() {
    let dir = tempfile::tempdir().unwrap();
    let group = Cgroup { groups: vec![dir.path().to_owned()], left: Arc::default() };
    for (file, text, ran_out) in [
        ("memory.events", "low 0\nmax 9\noom 1\noom_kill 0\noom_group_kill 0\n", false),
        ("memory.events", "low 0\nmax 9\noom 1\noom_kill 2\noom_group_kill 1\n", true),
        ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n", false),
        ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n", true),
    ] {
        fs::write(dir.path().join(file), text).unwrap();
        assert_eq!(group.ran_out(), ran_out, "{text}");
        fs::remove_file(dir.path().join(file)).unwrap();
    }
}
