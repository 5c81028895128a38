mod cases;
mod counting;
mod properties;
