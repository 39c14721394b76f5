//! A TypeScript type as a value, kept simple by construction: no union in a union, nothing beside `unknown` in one.

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Any value; with a reason where a schema said more than was read.
    Unknown(Option<String>),
    Never,
    /// A word of TypeScript: a literal, a primitive, the name of a type.
    Word(String),
    Object(Vec<Member>, Rest),
    Array(Box<Shape>),
    /// The places, how many of them are always there, and what may follow.
    Tuple(Vec<Shape>, usize, Option<Box<Shape>>),
    Union(Vec<Shape>),
    Intersection(Vec<Shape>),
}

/// A property of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub name: String,
    pub is_required: bool,
    pub about: About,
    pub shape: Shape,
}

/// What the other keys of an object hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Rest {
    /// Nobody says that there are any.
    Untold,
    Of(Box<Shape>),
}

/// What a comment says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct About {
    pub text: String,
    pub is_deprecated: bool,
}

impl Shape {
    pub fn word(text: impl Into<String>) -> Shape {
        Shape::Word(text.into())
    }

    pub fn unknown(why: impl Into<String>) -> Shape {
        Shape::Unknown(Some(why.into()))
    }

    /// One of these.
    pub fn union(shapes: Vec<Shape>) -> Shape {
        let mut kept: Vec<Shape> = Vec::new();
        for shape in shapes {
            match shape {
                Shape::Never => {}
                Shape::Unknown(why) => return Shape::Unknown(why),
                Shape::Union(inner) => inner.into_iter().for_each(|shape| put(&mut kept, shape)),
                shape => put(&mut kept, shape),
            }
        }
        match kept.len() {
            0 => Shape::Never,
            1 => kept.remove(0),
            _ => Shape::Union(kept),
        }
    }

    /// All of these at once.
    pub fn intersection(shapes: Vec<Shape>) -> Shape {
        let mut kept: Vec<Shape> = Vec::new();
        let mut why = None;
        for shape in shapes {
            match shape {
                Shape::Never => return Shape::Never,
                Shape::Unknown(reason) => why = why.or(reason),
                Shape::Intersection(inner) => inner.into_iter().for_each(|shape| put(&mut kept, shape)),
                shape => put(&mut kept, shape),
            }
        }
        match kept.len() {
            0 => Shape::Unknown(why),
            1 => kept.remove(0),
            _ => Shape::Intersection(kept),
        }
    }
}

fn put(kept: &mut Vec<Shape>, shape: Shape) {
    if !kept.contains(&shape) {
        kept.push(shape);
    }
}
