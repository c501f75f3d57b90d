use coapscope::capture::{live, spool};
use std::time::{Duration, Instant};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    if a[1] == "-D" { for (i, d) in live::devices().unwrap().iter().enumerate() { println!("{}", d.line(i+1, &d.access())); } return; }
    let mut o = live::LiveOptions::new(a[1].clone(), vec![5683..=5684]);
    o.filter = a.get(3).cloned();
    let c = match live::open(&o) { Ok(c) => c, Err(e) => { println!("{e}"); return } };
    println!("{:?} {:?} {}", c.device(), c.link(), c.filter());
    let file = a[2].clone();
    let (f, who) = coapscope::privilege::drop_rights(|| std::fs::File::create(&file).map_err(|e| anyhow::anyhow!("{e}"))).unwrap();
    println!("{who:?}");
    let (w, mut r) = spool::Spool::create(std::path::Path::new("/var/tmp")).unwrap();
    let h = c.start(w, Some(Box::new(f)), None, || {}).unwrap();
    for t in std::fs::read_dir("/proc/self/task").unwrap() { let s = std::fs::read_to_string(t.unwrap().path().join("status")).unwrap();
      println!("{}", s.lines().filter(|l| ["Name","Uid","Gid","Groups","Cap","NoNew"].iter().any(|p| l.starts_with(p))).collect::<Vec<_>>().join(" | ")); }
    let end = Instant::now() + Duration::from_secs(3);
    while Instant::now() < end { if r.wait(Duration::from_millis(500)) { println!("{} {:?}", r.committed(), h.stats()); if r.finished() {break} } }
    let t = Instant::now(); h.stop(); while !r.finished() { r.wait(Duration::from_secs(5)); } println!("stopped in {:?} {:?}", t.elapsed(), h.stats());
}
