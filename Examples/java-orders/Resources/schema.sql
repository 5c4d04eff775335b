create table category (id int primary key, name varchar(40) not null, tax_rate decimal(4, 3) not null);
create table product (sku varchar(20) primary key, name varchar(80) not null, price decimal(10, 2) not null,
    category_id int not null references category);
create table placed_order (number bigint primary key, reference varchar(40) not null, customer varchar(80) not null,
    total decimal(12, 2) not null);
create table order_line (order_number bigint not null references placed_order, sku varchar(20) not null references product,
    quantity int not null, net decimal(12, 2) not null);
create sequence order_number start with 1001;
create index order_line_sku on order_line (sku);
