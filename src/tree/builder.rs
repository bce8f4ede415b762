//! Trees as libraries store them, nodes in any order, brought into preorder and checked.
