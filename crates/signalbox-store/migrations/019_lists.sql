-- Lists of changes by how they ended and by the verdict on their notice: without these a value that no change has was
-- looked for in every one of them.

create index changes_outcome on changes (outcome, id) where outcome is not null;
create index changes_verdict on changes (notice_verdict, id) where notice_verdict is not null;
