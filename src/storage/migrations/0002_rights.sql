-- Holds the place of the rights' own step.
SELECT 1;
