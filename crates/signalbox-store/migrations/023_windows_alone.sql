-- A window is found by its index alone, without the row of the change.

drop index changes_window;
create index changes_window on changes (window_start, id, window_end, contingency_end) where window_start is not null;
