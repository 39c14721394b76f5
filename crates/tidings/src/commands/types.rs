//! `types`: the tasks of a server, or of a configuration, as TypeScript.

use std::path::Path;

use serde_json::json;

use super::client;
use crate::cli::{Reach, Types};
use crate::config;
use crate::exit::{Exit, Failure};
use crate::screen::print_json;
use crate::types::{TaskShape, module};

pub async fn types(reach: &Reach, args: Types) -> Result<(), Failure> {
    let tasks = match &args.config {
        Some(file) => declared(file)?,
        None => served(reach).await?,
    };
    let text = module(&tasks);
    let Some(file) = args.out else {
        out!("{text}");
        return Ok(());
    };
    let is_new = std::fs::read_to_string(&file).ok().as_deref() != Some(text.as_str());
    if is_new {
        let failed = |error: std::io::Error| Failure::new(Exit::Failed, format!("{} cannot be written: {error}", file.display()));
        std::fs::write(&file, text).map_err(failed)?;
    }
    if reach.json {
        print_json(&json!({"file": file, "tasks": tasks.len(), "written": is_new}));
    } else {
        let what = if is_new { "wrote" } else { "nothing new for" };
        outln!("{what} {}: {} tasks", file.display(), tasks.len());
    }
    Ok(())
}

/// The tasks of the server in reach.
async fn served(reach: &Reach) -> Result<Vec<TaskShape>, Failure> {
    let tasks = client(reach)?.tasks().await?;
    let shapes = tasks.into_iter().map(|task| TaskShape {
        name: task.name.to_string(),
        title: task.title,
        description: task.description,
        input: task.input_schema,
        output: task.output_schema,
    });
    Ok(shapes.collect())
}

/// The tasks of a configuration, whatever else is in it: what belongs to the server alone need not be here.
fn declared(file: &Path) -> Result<Vec<TaskShape>, Failure> {
    let schema = |text: &Option<domain::Json>| text.as_ref().and_then(|text| serde_json::from_str(text.as_str()).ok());
    let shapes = config::declared_tasks(file)?.into_iter().map(|task| TaskShape {
        name: task.name.to_string(),
        title: task.title.clone(),
        description: task.description.clone(),
        input: schema(&task.schemas.input),
        output: schema(&task.schemas.output),
    });
    Ok(shapes.collect())
}
